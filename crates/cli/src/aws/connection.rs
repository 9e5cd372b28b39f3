//! The HTTP client of the process: through the proxy and with the CA certificates that the
//! environment names.

use std::env;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_sdk_sts::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// The variables that name a proxy.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Creates the client. It connects through the proxies of the environment, except to the
/// hosts of `NO_PROXY`, and trusts the certificates of `AWS_CA_BUNDLE`, else of the profile's
/// `ca_bundle`, else of `SSL_CERT_FILE`, else of the operating system.
///
/// # Errors
/// If a variable does not name a proxy, or a file of certificates cannot be used.
pub(super) fn http_client(ca_bundle: Option<PathBuf>) -> anyhow::Result<SharedHttpClient> {
    for name in PROXIES {
        check_proxy(name)?;
    }
    let variable = |name: &'static str| {
        let value = env::var_os(name).filter(|value| !value.is_empty());
        value.map(|value| (PathBuf::from(value), name))
    };
    let file = variable("AWS_CA_BUNDLE")
        .or(ca_bundle.map(|path| (path, "ca_bundle")))
        .or_else(|| variable("SSL_CERT_FILE"));
    let trust = match file {
        Some((path, source)) => {
            let context = || format!("{source} {}", path.display());
            TrustStore::empty().with_pem_certificate(certificates(&path).with_context(context)?)
        }
        // A sandbox needs none, and there may be none.
        None if rustls_native_certs::load_native_certs().certs.is_empty() => TrustStore::empty(),
        None => TrustStore::default(),
    };
    let context = TlsContext::builder().with_trust_store(trust).build()?;
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            connector
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .tls_context(context.clone())
                .build()
        }),
    )
}

/// Refuses a value that the client would pass over in silence. The value is not printed: it
/// may contain a password.
fn check_proxy(name: &str) -> anyhow::Result<()> {
    let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(());
    };
    let value = value.to_str().unwrap_or_default();
    let url = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    if ProxyConfig::all(url.as_str()).is_err() {
        bail!("{name} is not the URL of a proxy, such as http://proxy.example.com:8080");
    }
    Ok(())
}

/// Reads the certificates of a PEM file, all of which have to be usable.
fn certificates(path: &Path) -> anyhow::Result<Vec<u8>> {
    let pem = std::fs::read(path).context("the file of CA certificates cannot be read")?;
    let mut roots = rustls::RootCertStore::empty();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&pem)) {
        let certificate = certificate.with_context(|| format!("certificate {number}"))?;
        roots
            .add(certificate)
            .with_context(|| format!("certificate {number}"))?;
    }
    if roots.is_empty() {
        bail!("there is no CA certificate in PEM format in this file");
    }
    Ok(pem)
}

/// Names the proxy in use, without its password; empty where there is none.
pub(super) fn proxy_sentence() -> String {
    let mut set = PROXIES.iter().filter_map(|name| {
        let value = env::var(name).ok().filter(|value| !value.is_empty())?;
        let host = value
            .rsplit_once('@')
            .map_or(value.as_str(), |(_, host)| host);
        Some(format!(
            "\nRequests go through the proxy of {name}, {}. Hosts that NO_PROXY lists are asked \
             directly.",
            host.trim_start_matches("http://")
                .trim_start_matches("https://")
        ))
    });
    set.next().unwrap_or_default()
}

/// Returns whether the connection failed because of the certificate.
pub(super) fn is_certificate_refused(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(rustls::Error::InvalidCertificate(_))
        )
    })
}

/// Returns whether a proxy answered, and opened no tunnel.
pub(super) fn is_refused_by_proxy(error: &(dyn Error + 'static)) -> bool {
    !proxy_sentence().is_empty() && !causes(error).any(<dyn Error>::is::<rustls::Error>)
}

/// The causes of an error. Those inside of an [`io::Error`] are not its source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(inner) => inner.map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
