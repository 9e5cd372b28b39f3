//! Errors in patterns, with their positions and corrections.

use thiserror::Error;

use crate::tree::Span;

/// A pattern that CloudWatch Logs would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fault} at byte {}", .span.start)]
pub struct ParseError {
    /// Kind of error.
    pub fault: Fault,
    /// Correction, if the error implies one.
    pub fix: Option<Fix>,
    span: Span,
}

/// A change of the source that takes a fault away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Start of the range to replace, in bytes.
    pub start: usize,
    /// Offset after what is replaced.
    pub end: usize,
    /// By what.
    pub replacement: String,
}

impl ParseError {
    pub(crate) fn new(fault: Fault, start: usize, end: usize) -> Self {
        Self {
            fault,
            fix: None,
            span: Span { start, end },
        }
    }

    /// Adds: replacing the offending text by `replacement` helps.
    pub(crate) fn replace(self, replacement: &str) -> Self {
        let Span { start, end } = self.span;
        self.replace_at(start, end, replacement)
    }

    /// Adds: replacing `start..end` by `replacement` helps.
    pub(crate) fn replace_at(mut self, start: usize, end: usize, replacement: &str) -> Self {
        self.fix = Some(Fix {
            start,
            end,
            replacement: replacement.to_owned(),
        });
        self
    }

    /// The byte at which the fault stands.
    pub fn offset(&self) -> usize {
        self.span.start
    }

    /// Returns advice for mending the error.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

/// The accidents that people have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// More than 1,024 characters.
    #[error("the pattern has {0} characters, {max} are allowed", max = crate::MAX_CHARACTERS)]
    TooLong(usize),
    /// Parentheses inside parentheses inside …
    #[error("parentheses are nested deeper than {max}", max = crate::MAX_DEPTH)]
    TooDeep,
    /// `“` and friends
    #[error("typographic quote {0}")]
    TypographicQuote(char),
    /// `'` or a backtick
    #[error("{0} does not quote")]
    WrongQuote(char),
    /// `\"`
    #[error("backslash before a quote")]
    EscapedQuote,
    /// `&amp;`, `&quot;`, `&lt;`, `&gt;`
    #[error("HTML escape `{0}`")]
    HtmlEscape(&'static str),
    /// `==`, `!==`
    #[error("`{0}` is no operator")]
    DoubleEquals(&'static str),
    /// `AND`, `OR`
    #[error("`{0}` is no operator")]
    WordOperator(String),
    /// One `&` or `|`
    #[error("`{0}` stands alone")]
    SingleOperator(char),
    /// `!( … )`
    #[error("`!` does not negate")]
    Negation,
    /// `$.x EXISTS`
    #[error("`EXISTS` is no condition")]
    Exists,
    /// `$.x IS NOT …`, `NOTEXISTS`, `not exists`
    #[error("`{0}` is no condition")]
    Keyword(String),
    /// `,` between conditions
    #[error("`,` does not join conditions")]
    Comma,
    /// `= Failed authentication`
    #[error("a bare word ends at the blank")]
    BlankInValue,
    /// `$.event Name = x`
    #[error("a selector ends at the blank")]
    BlankInSelector,
    /// `$eventName`
    #[error("the `.` after `$` is missing")]
    MissingDot,
    /// `$."name"`
    #[error("a quoted name after `$.`")]
    QuotedName,
    /// No `$` where a condition starts.
    #[error("a condition starts with a selector, `$.name`")]
    MissingSelector,
    /// A selector with nothing after it.
    #[error("a condition needs an operator after the selector")]
    MissingOperator,
    /// An operator with nothing after it.
    #[error("a value is missing after the operator")]
    MissingValue,
    /// `< "5"`
    #[error("`{0}` compares with a number, without quotes")]
    NotANumber(&'static str),
    /// A number beyond what a double holds.
    #[error("the number is too large")]
    NumberTooLarge,
    /// No `}` at the end.
    #[error("the closing `}}` is missing")]
    MissingBrace,
    /// A JSON pattern without `{`.
    #[error("a JSON pattern stands in braces")]
    MissingBraces,
    /// No `]` at the end.
    #[error("the closing `]` is missing")]
    MissingBracket,
    /// No `)`.
    #[error("the closing `)` is missing")]
    MissingParenthesis,
    /// `)` without `(`.
    #[error("`)` without `(`")]
    ExtraParenthesis,
    /// A string without its second quote.
    #[error("the closing quote is missing")]
    MissingQuote,
    /// A blank before `{`.
    #[error("blank before the `{{`")]
    LeadingBlank,
    /// Something after the end.
    #[error("nothing may follow the closing `{0}`")]
    Trailing(char),
    /// More than one wildcard in one selector.
    #[error("a selector has at most one wildcard")]
    TwoWildcards,
    /// More than three selectors with a wildcard.
    #[error("a pattern has at most three selectors with a wildcard")]
    TooManyWildcards,
    /// More than two regular expressions.
    #[error("a pattern has at most two regular expressions")]
    TooManyRegexes,
    /// A regular expression that is not of the subset.
    #[error("regular expression: {0}")]
    Regex(String),
    /// A field of a space-delimited pattern without a name.
    #[error("a field needs a name")]
    MissingFieldName,
    /// `[a = 1 && b = 2]`
    #[error("the slot of one field asks about another")]
    OtherField,
    /// A term with a character that needs quotes.
    #[error("`{0}` in a term without quotes")]
    TermCharacter(char),
    /// Anything else.
    #[error("unexpected `{0}`")]
    Unexpected(char),
}

impl Fault {
    fn hint(&self) -> &'static str {
        match self {
            Fault::TooLong(_) | Fault::TooManyWildcards => {
                "split it into several metric filters on the same metric"
            }
            Fault::TooDeep => "leave out redundant parentheses",
            Fault::TypographicQuote(_) => "write the plain double quote, U+0022",
            Fault::WrongQuote(_) => "use double quotes, or none around a single word",
            Fault::EscapedQuote => {
                "the backslashes come from JSON, HCL or a shell: write the quote alone"
            }
            Fault::HtmlEscape(_) => "copied out of HTML: write `&&`, `\"`, `<` or `>`",
            Fault::DoubleEquals(_) => "write `=` for equal, `!=` for not equal",
            Fault::WordOperator(_) => "write `&&` for and, `||` for or",
            Fault::SingleOperator(_) => "write it twice: `&&`, `||`",
            Fault::Negation => {
                "write the opposite: `!=` for `=`, `NOT EXISTS`; `!=` is false on a missing field"
            }
            Fault::Exists => "only `NOT EXISTS` exists; for \"exists\" write `= \"*\"`",
            Fault::Keyword(_) => {
                "conditions are `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`, in capitals"
            }
            Fault::Comma => "write `&&` or `||`",
            Fault::BlankInValue => "put the whole value in double quotes",
            Fault::BlankInSelector => "a line break crept into the name? write it in one piece",
            Fault::MissingDot => "write `$.name`",
            Fault::QuotedName => "write `$.name`, or `$.['na.me']` if the name has a period",
            Fault::MissingSelector => "write `$.name = value`",
            Fault::MissingOperator => {
                "one of `=`, `!=`, `<`, `<=`, `>`, `>=`, `IS NULL`, `IS TRUE`, `IS FALSE`, `NOT EXISTS`"
            }
            Fault::MissingValue => "a word, a \"quoted string\", a number or a %regex%",
            Fault::NotANumber(_) => "write digits, or use `=` with text",
            Fault::NumberTooLarge => "put it in quotes to compare it as text",
            Fault::MissingBrace => "add `}` at the end",
            Fault::MissingBraces => "write `{` before and `}` after it",
            Fault::MissingBracket => "add `]` at the end",
            Fault::MissingParenthesis => "count the parentheses",
            Fault::ExtraParenthesis => "remove it, or add the `(` it closes",
            Fault::MissingQuote => "add the second double quote",
            Fault::LeadingBlank => "start the pattern with `{`: AWS refuses a blank before it",
            Fault::Trailing(_) => "join conditions inside the brackets, with `&&` or `||`",
            Fault::TwoWildcards => "name the other step",
            Fault::TooManyRegexes => "use `=` with stars, or several metric filters",
            Fault::Regex(_) => "no parentheses, no `!`; escape operators with a backslash",
            Fault::MissingFieldName => "write a name, or `...` for any number of fields",
            Fault::OtherField => "put each field's conditions into its own slot",
            Fault::TermCharacter(_) => "put the term in double quotes",
            Fault::Unexpected(_) => "outside quotes only the ASCII of the grammar is allowed",
        }
    }
}
