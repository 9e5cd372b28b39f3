//! Text from outside, made safe to show: on one line, of bounded length, in the order in
//! which it is written.

use std::fmt::Write as _;

/// Returns `true` for a character that moves the cursor, breaks a line, turns the direction
/// of writing, or is not seen at all: control and format characters, line separators and
/// blank letters.
pub const fn is_deceptive(char: char) -> bool {
    matches!(
        char,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns the text with every deceptive character written as `<U+202E>`, cut to
/// `max_bytes` on a character boundary. A text that was cut ends in `…`, which counts.
pub fn visible(text: &str, max_bytes: usize) -> String {
    let mut shown = String::new();
    // Where the text is cut if it turns out to be too long.
    let mut end = 0;
    for char in text.chars() {
        if is_deceptive(char) {
            let _ = write!(shown, "<U+{:04X}>", u32::from(char));
        } else {
            shown.push(char);
        }
        if shown.len() > max_bytes {
            shown.truncate(end);
            shown.push('…');
            break;
        }
        if shown.len() + '…'.len_utf8() <= max_bytes {
            end = shown.len();
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn deceptive_characters_are_written_out() {
        for (text, shown) in [
            ("plain Größe 192.0.2.7", "plain Größe 192.0.2.7"),
            ("a\r\nb", "a<U+000D><U+000A>b"),
            ("\u{1b}[2J", "<U+001B>[2J"),
            ("evil\u{202e}txt", "evil<U+202E>txt"),
            ("ro\u{200b}ot", "ro<U+200B>ot"),
            ("\u{e0041}", "<U+E0041>"),
            ("a\u{2028}b\u{feff}", "a<U+2028>b<U+FEFF>"),
        ] {
            assert_eq!(visible(text, 100), shown);
        }
    }

    #[test]
    fn a_long_text_ends_visibly() {
        assert_eq!(visible("abcdef", 6), "abcdef");
        assert_eq!(visible("abcdefg", 6), "abc…");
        assert_eq!(visible("äöüä", 7), "äö…");
        assert_eq!(visible("ab\u{202e}", 8), "ab…");
    }

    proptest! {
        #[test]
        fn nothing_deceptive_and_nothing_long_remains(text in any::<String>(), most in 3_usize..80) {
            let shown = visible(&text, most);
            prop_assert!(shown.len() <= most);
            prop_assert!(!shown.chars().any(is_deceptive));
        }
    }
}
