//! Three-valued logic: true, false, and undecided for a reason.

/// The answer to a question about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Yes.
    True,
    /// No.
    False,
    /// It depends on something that is not known, named here.
    Undecided(String),
}

impl Truth {
    /// Returns whether the answer certainly is yes.
    pub fn is_true(&self) -> bool {
        *self == Truth::True
    }

    /// Returns false as soon as one answer is false, else undecided if one is.
    pub(crate) fn all(answers: impl IntoIterator<Item = Truth>) -> Truth {
        let mut together = Truth::True;
        for answer in answers {
            match answer {
                Truth::False => return Truth::False,
                Truth::Undecided(_) if together.is_true() => together = answer,
                Truth::True | Truth::Undecided(_) => {}
            }
        }
        together
    }

    /// Returns true as soon as one answer is true, else undecided if one is.
    pub(crate) fn any(answers: impl IntoIterator<Item = Truth>) -> Truth {
        !Truth::all(answers.into_iter().map(|answer| !answer))
    }

    /// Returns true if both answers are.
    pub(crate) fn and(self, other: Truth) -> Truth {
        Truth::all([self, other])
    }

    /// Chooses by this answer; where it is undecided and the choices differ, so is the result.
    pub(crate) fn choose(self, if_true: Truth, if_false: Truth) -> Truth {
        match self {
            Truth::True => if_true,
            Truth::False => if_false,
            Truth::Undecided(_) if if_true == if_false => if_true,
            undecided @ Truth::Undecided(_) => undecided,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Truth::True } else { Truth::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            undecided @ Truth::Undecided(_) => undecided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undecided_side_decides_only_where_the_other_does_not() {
        let undecided = || Truth::Undecided("a key".to_owned());
        for (left, right, and, or) in [
            (Truth::True, Truth::True, Truth::True, Truth::True),
            (Truth::True, Truth::False, Truth::False, Truth::True),
            (Truth::False, Truth::False, Truth::False, Truth::False),
            (Truth::True, undecided(), undecided(), Truth::True),
            (Truth::False, undecided(), Truth::False, undecided()),
            (undecided(), undecided(), undecided(), undecided()),
        ] {
            assert_eq!(left.clone().and(right.clone()), and);
            assert_eq!(right.clone().and(left.clone()), and);
            assert_eq!(Truth::any([left.clone(), right.clone()]), or);
            assert_eq!(Truth::any([right, left]), or);
        }
        assert_eq!(undecided().choose(Truth::True, Truth::False), undecided());
        assert_eq!(undecided().choose(Truth::True, Truth::True), Truth::True);
    }
}
