//! Writes the templates of the controls to `infra/`: `cargo run -p deployment --example generate`.

use std::path::Path;

use deployment::Template;

fn main() -> std::io::Result<()> {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra");
    for template in Template::generated_files() {
        let file = infra.join(format!("{}.yaml", template.name()));
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(file, template.text())?;
    }
    Ok(())
}
