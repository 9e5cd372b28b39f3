//! Errors in patterns, with their hints.

use thiserror::Error;

use crate::json::MAX_DEPTH;

/// A pattern that EventBridge refuses: the first thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct ParseError {
    /// The thing that is wrong.
    #[source]
    pub fault: Fault,
    offset: usize,
}

impl ParseError {
    pub(crate) fn new(fault: Fault, offset: usize) -> Self {
        Self { fault, offset }
    }

    /// The byte of the pattern at which it is wrong.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Advice, in words.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

/// Something that is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error("the pattern ends too early")]
    UnexpectedEnd,
    #[error("unexpected `{found}`: {wanted} was expected")]
    Unexpected { found: char, wanted: &'static str },
    #[error("`{0}` is no quotation mark of JSON")]
    ForeignQuote(char),
    #[error("a number has a zero before its first digit")]
    LeadingZero,
    #[error("a control character stands in quotes")]
    ControlCharacter,
    #[error("not an escape sequence of JSON")]
    Escape,
    #[error("more than {MAX_DEPTH} objects and arrays are nested")]
    TooDeep,
    #[error("the pattern is not an object")]
    NotAnObject,
    #[error("empty objects are not allowed")]
    EmptyObject,
    #[error("empty arrays are not allowed")]
    EmptyArray,
    #[error("\"{0}\" must be an object or an array")]
    NeitherObjectNorArray(String),
    #[error(
        "an array stands in an array: a value must be a string, a number, true, false, null or an operator"
    )]
    ArrayInArray,
    #[error("\"$or\" must be an array of at least two objects")]
    Or,
    #[error("\"{0}\" cannot be a field's name inside \"$or\"")]
    Reserved(String),
    #[error("the alternatives of \"$or\" multiply to more than {max} combinations", max = crate::MAX_COMBINATIONS)]
    Combinations,
    #[error("an operator is missing in the object")]
    NoOperator,
    #[error("\"{0}\" is not an operator")]
    UnknownOperator(String),
    #[error("more than one operator stands in one object")]
    SeveralOperators,
    #[error("the operand of \"{operator}\" must be {wanted}")]
    Operand {
        operator: &'static str,
        wanted: &'static str,
    },
    #[error("\"anything-but\" takes strings or numbers, not both, and at least one")]
    AnythingBut,
    #[error("\"anything-but\" does not take \"{0}\"")]
    AnythingButOperator(String),
    #[error("the prefix or suffix that must not match is empty")]
    EmptyAffix,
    #[error("two wildcard characters follow each other")]
    ConsecutiveWildcards,
    #[error("a backslash in a wildcard stands before something else than `*` and `\\`")]
    WildcardEscape,
    #[error("\"numeric\" lacks an operator")]
    NumericOperator,
    #[error("\"{0}\" is not a comparison that can stand here")]
    Comparison(String),
    #[error("a number must follow the comparison")]
    ComparisonOperand,
    #[error("\"numeric\" has too many elements")]
    NumericElements,
    #[error("the number lies beyond 5,000,000,000 or has more than six decimals")]
    Unrepresentable,
    #[error("the range is empty: its lower end must be less than its upper end")]
    EmptyRange,
    #[error("not an IP address")]
    Address,
    #[error("not a CIDR block: address, slash and the number of mask bits")]
    Cidr,
    #[error("an IPv4 mask has 0 to 31 bits, an IPv6 mask 0 to 127")]
    MaskBits,
}

impl Fault {
    /// Advice, in words.
    pub fn hint(&self) -> &'static str {
        match self {
            Fault::UnexpectedEnd => "count the braces, brackets and quotation marks",
            Fault::Unexpected { .. } => {
                "event patterns are JSON: names and strings in double quotes, commas between elements"
            }
            Fault::ForeignQuote(_) => "replace it by the straight double quote \"",
            Fault::LeadingZero => "remove the zero, or put the number in quotes to compare text",
            Fault::ControlCharacter => "write line breaks and tabs as \\n and \\t",
            Fault::Escape => "write \\\\ for a backslash",
            Fault::TooDeep => "no event is nested that deep",
            Fault::NotAnObject => "write {\"source\": [\"aws.signin\"]}",
            Fault::EmptyObject => "name a field, or leave the object out",
            Fault::EmptyArray => "name a value, or leave the field out",
            Fault::NeitherObjectNorArray(_) => "put the value into brackets: [\"value\"]",
            Fault::ArrayInArray => "write all values into one array",
            Fault::Or => "write \"$or\": [{...}, {...}]",
            Fault::Reserved(_) => {
                "operators belong into the array of a field: {\"field\": [{\"prefix\": \"...\"}]}"
            }
            Fault::Combinations => "make several rules",
            Fault::NoOperator => "write {\"prefix\": \"...\"}, or leave the object out",
            Fault::UnknownOperator(_) => {
                "one of prefix, suffix, anything-but, equals-ignore-case, wildcard, numeric, cidr, exists; fields of a nested object stand outside the array"
            }
            Fault::SeveralOperators => "one object for each operator: they are alternatives",
            Fault::Operand { .. } => "check the type of the operand",
            Fault::AnythingBut => "one object for the strings and one for the numbers",
            Fault::AnythingButOperator(_) => "one of prefix, suffix, equals-ignore-case, wildcard",
            Fault::EmptyAffix => {
                "to refuse every string, write {\"anything-but\": {\"wildcard\": \"*\"}}"
            }
            Fault::ConsecutiveWildcards => "one `*` stands for any number of characters",
            Fault::WildcardEscape => "write \\\\* for an asterisk and \\\\\\\\ for a backslash",
            Fault::NumericOperator | Fault::ComparisonOperand | Fault::NumericElements => {
                "write [\"=\", 1], [\">\", 0] or [\">=\", 0, \"<\", 10]"
            }
            Fault::Comparison(_) => {
                "`=`, `<`, `<=`, `>` or `>=` first; after a lower end only `<` or `<=`"
            }
            Fault::Unrepresentable => "compare such a number as an exact value",
            Fault::EmptyRange => "for one value write [\"=\", 1]",
            Fault::Address => "write four decimal numbers with periods, or IPv6",
            Fault::Cidr => "write \"10.0.0.0/8\"",
            Fault::MaskBits => "for one address write the address itself, without \"cidr\"",
        }
    }
}
