//! IP addresses and blocks of them, as event patterns compare them: by their bytes,
//! however the address is written.

use std::net::Ipv4Addr;

use crate::fault::Fault;

/// The addresses of a CIDR block, or one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Addresses {
    first: Vec<u8>,
    last: Vec<u8>,
    text: String,
    is_block: bool,
}

impl Addresses {
    /// The one address that a text says, if it says one.
    pub fn one(text: &str) -> Option<Self> {
        let address = parse(text)?;
        Some(Self {
            first: address.clone(),
            last: address,
            text: text.to_owned(),
            is_block: false,
        })
    }

    /// The addresses of a CIDR block.
    ///
    /// # Errors
    /// If the text is not `ADDRESS/BITS`, or the bits name a single address.
    pub fn block(text: &str) -> Result<Self, Fault> {
        // AWS's matcher overlooks slashes at the end.
        let (address, bits) = text
            .trim_end_matches('/')
            .split_once('/')
            .ok_or(Fault::Cidr)?;
        let bits: usize = bits.parse().map_err(|_| Fault::Cidr)?;
        let address = parse(address).ok_or(Fault::Address)?;
        if bits >= address.len() * 8 {
            return Err(Fault::MaskBits);
        }
        let masked = |fill: u8| {
            let byte = |(index, byte): (usize, &u8)| {
                let kept = bits.saturating_sub(index * 8).min(8);
                let mask = u8::try_from(0xFF00_u16 >> kept & 0xFF).unwrap_or_default();
                byte & mask | fill & !mask
            };
            address.iter().enumerate().map(byte).collect()
        };
        Ok(Self {
            first: masked(0),
            last: masked(0xFF),
            text: text.to_owned(),
            is_block: true,
        })
    }

    /// The text of the pattern.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if it was written as a CIDR block.
    pub fn is_block(&self) -> bool {
        self.is_block
    }

    /// Returns true if a string is an address in it.
    ///
    /// AWS's matcher compares digits from the left and stops where they settle the
    /// question, so that an IPv6 address may lie in a block of IPv4 and the reverse.
    pub fn contains(&self, text: &str) -> bool {
        let Some(address) = parse(text) else {
            return false;
        };
        let length = self.first.len().min(address.len());
        let start = |bytes: &[u8]| bytes.get(..length).unwrap_or_default().to_vec();
        let (first, last, start_of_it) = (start(&self.first), start(&self.last), start(&address));
        if address.len() < self.first.len() {
            first < start_of_it && start_of_it < last
        } else {
            first <= start_of_it && start_of_it <= last
        }
    }

    /// Addresses at its edges and one outside, to tell it from others.
    pub(crate) fn examples(&self) -> Vec<String> {
        let after = {
            let mut next = self.last.clone();
            for byte in next.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
            next
        };
        [&self.first, &self.last, &after]
            .into_iter()
            .map(|bytes| print(bytes))
            .collect()
    }
}

fn print(bytes: &[u8]) -> String {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Ipv4Addr::from(bytes).to_string();
    }
    let group = |pair: &[u8]| {
        let value = pair
            .iter()
            .fold(0_u16, |value, byte| value << 8 | u16::from(*byte));
        format!("{value:x}")
    };
    bytes.chunks(2).map(group).collect::<Vec<_>>().join(":")
}

/// The bytes of an address: 4 of IPv4, also of one that is mapped into IPv6, else 16.
fn parse(text: &str) -> Option<Vec<u8>> {
    if text.contains(':') {
        let bytes = parse_v6(text)?;
        return Some(match bytes.strip_prefix(&MAPPED) {
            Some(v4) => v4.to_vec(),
            None => bytes,
        });
    }
    let parts: Vec<&str> = text.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() != 4 || text.len() > 15 || !parts.iter().all(is_number) {
        return None;
    }
    parts.iter().map(|part| part.parse().ok()).collect()
}

const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

/// Groups of hexadecimal digits, `::` once for groups of zeros. Leading zeros may make
/// a group longer than four digits.
fn parse_v6(text: &str) -> Option<Vec<u8>> {
    let groups = |text: &str| -> Option<Vec<u8>> {
        if text.is_empty() {
            return Some(Vec::new());
        }
        let mut bytes = Vec::new();
        for group in text.split(':') {
            if group.is_empty() || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            let digits = match group.trim_start_matches('0') {
                "" => "0",
                digits => digits,
            };
            bytes.extend(u16::from_str_radix(digits, 16).ok()?.to_be_bytes());
        }
        Some(bytes)
    };
    let Some((before, after)) = text.split_once("::") else {
        return groups(text).filter(|bytes| bytes.len() == 16);
    };
    let (mut bytes, after) = (groups(before)?, groups(after)?);
    let zeros = 16_usize.checked_sub(bytes.len() + after.len())?;
    if zeros == 0 {
        return None;
    }
    bytes.resize(bytes.len() + zeros, 0);
    bytes.extend(after);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_by_their_bytes() {
        for (pattern, text, expected) in [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "010.000.0.5", true),
            ("10.0.0.5", "::ffff:a00:5", true),
            ("10.0.0.5", "10.0.0.50", false),
            ("10.0.0.5", "10.0.0.5.1", false),
            ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true),
            ("2001:db8::1", "2001:db8::", false),
            ("10.1.2.3/8", "10.0.0.0", true),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "0x0a.0.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/33", "2001:db8:8000::", false),
            ("2001:db8::/32", "1:::2", false),
            ("10.0.0.0/8", "a00::1", true),
            ("2000::/3", "33.0.0.0", true),
            ("2001:db8::/32", "32.1.13.184", false),
        ] {
            let addresses = Addresses::one(pattern);
            let addresses = addresses.unwrap_or_else(|| Addresses::block(pattern).unwrap());
            assert_eq!(addresses.contains(text), expected, "{pattern} {text}");
        }
        for text in [
            "10.0.0.0/32",
            "::/128",
            "10.0.0/8",
            "10.0.0.0",
            "/8",
            "10.0.0.0/x",
            "10.0.0.0/-1",
            "10.0.0.0/8/9",
        ] {
            assert!(Addresses::block(text).is_err(), "{text}");
        }
        assert!(Addresses::one("256.0.0.1").is_none());
        assert!(Addresses::one("1:2:3:4:5:6:7::8").is_none());
    }
}
