//! The smallest change that makes a pattern right.

use crate::decide::is_right;
use crate::tree::{Condition, Expr, Operand, Selector, Step, Test, Text, Tree};
use crate::{Account, CIS_PATTERN, Pattern};

/// More accidents than this in one pattern are not mended one by one.
const MAX_FIXES: usize = 40;

/// The most patterns that are tried, each of them decided.
const MAX_ATTEMPTS: usize = 100;

/// Patterns that can be changed in more ways than this are changed once, not twice.
const MAX_EDITS: usize = 24;

/// The pattern with the fewest changes that is right: proven to match all
/// direct root use and privileged sessions, and no other principal.
///
/// `None` if the pattern is right as it is. If no small change helps, the
/// answer is [`CIS_PATTERN`].
pub fn smallest_correction(source: &str, account: Option<&Account>) -> Option<String> {
    let is_right = |pattern: &Pattern| is_right(pattern, account);
    let Some(pattern) = mend(source) else {
        return Some(CIS_PATTERN.to_owned());
    };
    if is_right(&pattern) {
        return (pattern.source() != source).then(|| pattern.source().to_owned());
    }
    let Tree::Json(expr) = pattern.tree() else {
        return Some(CIS_PATTERN.to_owned());
    };
    let once = edits(expr);
    let twice = if once.len() <= MAX_EDITS {
        once.iter().flat_map(edits).collect()
    } else {
        Vec::new()
    };
    let corrected = best_first(expr, once)
        .chain(best_first(expr, twice))
        .take(MAX_ATTEMPTS)
        .filter_map(|expr| Pattern::parse(&Tree::Json(expr).to_string()).ok())
        .find(is_right);
    Some(corrected.map_or_else(
        || CIS_PATTERN.to_owned(),
        |pattern| pattern.source().to_owned(),
    ))
}

/// The pattern without its accidents, if each of them tells how it is mended.
fn mend(source: &str) -> Option<Pattern> {
    let mut source = source.to_owned();
    for _ in 0..MAX_FIXES {
        match Pattern::parse(&source) {
            Ok(pattern) => return Some(pattern),
            Err(error) => {
                let fix = error.fix?;
                source.replace_range(
                    source.get(fix.start..fix.end).map(|_| fix.start..fix.end)?,
                    &fix.replacement,
                );
            }
        }
    }
    None
}

/// All expressions that differ in one thing.
fn edits(expr: &Expr) -> Vec<Expr> {
    let mut edited = edits_inside(expr);
    edited.extend(
        cis_clauses()
            .into_iter()
            .map(|clause| Expr::all(vec![expr.clone(), clause])),
    );
    edited
}

fn edits_inside(expr: &Expr) -> Vec<Expr> {
    let (operands, join, flip): (_, fn(_) -> _, fn(_) -> _) = match expr {
        Expr::All(operands) => (operands, Expr::all, Expr::any),
        Expr::Any(operands) => (operands, Expr::any, Expr::all),
        Expr::Condition(condition) => {
            return edits_of_condition(condition)
                .into_iter()
                .map(Expr::Condition)
                .collect();
        }
    };
    let mut edited = vec![flip(operands.clone())];
    for (i, operand) in operands.iter().enumerate() {
        let others = || {
            operands
                .iter()
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, o)| o.clone())
        };
        edited.push(join(others().collect()));
        for replaced in edits_inside(operand) {
            let mut operands = operands.clone();
            if let Some(place) = operands.get_mut(i) {
                *place = replaced;
            }
            edited.push(join(operands));
        }
    }
    edited
}

fn edits_of_condition(condition: &Condition) -> Vec<Condition> {
    let with = |test: Test| Condition {
        test,
        ..condition.clone()
    };
    let mut edited = Vec::new();
    match &condition.test {
        Test::Equal(operand) => edited.push(with(Test::NotEqual(operand.clone()))),
        Test::NotEqual(operand) => edited.push(with(Test::Equal(operand.clone()))),
        Test::IsNull | Test::IsTrue | Test::IsFalse => edited.push(with(Test::NotExists)),
        Test::Compare(..) | Test::NotExists => {}
    }
    for clause in cis_clauses() {
        let Expr::Condition(right) = clause else {
            continue;
        };
        if is_alike(&right.selector, &condition.selector) && right != *condition {
            edited.push(Condition {
                selector: right.selector.clone(),
                ..condition.clone()
            });
            edited.push(right);
        }
    }
    edited
}

/// Returns true if two selectors differ in capitals at most.
fn is_alike(one: &Selector, other: &Selector) -> bool {
    one.to_string().eq_ignore_ascii_case(&other.to_string())
}

fn cis_clauses() -> Vec<Expr> {
    let clause = |path: &[&str], test| {
        let steps = path
            .iter()
            .map(|name| Step::Member((*name).to_owned()))
            .collect();
        let selector = Selector {
            steps,
            span: crate::tree::Span::default(),
        };
        Expr::Condition(Condition {
            selector,
            test,
            span: crate::tree::Span::default(),
        })
    };
    let text = |text: &str| Operand::Text(Text(text.to_owned()));
    vec![
        clause(&["userIdentity", "type"], Test::Equal(text("Root"))),
        clause(&["userIdentity", "invokedBy"], Test::NotExists),
        clause(&["eventType"], Test::NotEqual(text("AwsServiceEvent"))),
    ]
}

/// The expressions, those first that have the fewest conditions beside the
/// benchmark's own, and of these the ones whose text differs least.
fn best_first(original: &Expr, edited: Vec<Expr>) -> impl Iterator<Item = Expr> {
    let clauses = cis_clauses();
    let text = original.to_string();
    let is_foreign = |c: &&Condition| !clauses.contains(&Expr::Condition((*c).clone()));
    let mut edited: Vec<((usize, usize), Expr)> = edited
        .into_iter()
        .map(|expr| {
            let foreign = expr.conditions().into_iter().filter(is_foreign).count();
            ((foreign, distance(&text, &expr.to_string())), expr)
        })
        .collect();
    edited.sort_by_key(|(badness, _)| *badness);
    edited.into_iter().map(|(_, expr)| expr)
}

/// Returns the number of characters to change, add or remove.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (b, above) in to.iter().zip(row.iter_mut().skip(1)) {
            let best = (diagonal + usize::from(a != *b))
                .min(left + 1)
                .min(*above + 1);
            diagonal = std::mem::replace(above, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
