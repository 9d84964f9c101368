//! Natural numbers of any size: just what it takes to turn decimal text into a binary fraction and back.

/// A natural number as 32-bit digits, least significant first, without zeros at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Natural(Vec<u32>);

/// Decimal digits that fit one 32-bit digit.
const CHUNK: u32 = 9;
const CHUNK_VALUE: u32 = 1_000_000_000;

impl Natural {
    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Bits up to the highest one set.
    pub(super) fn bits(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    /// Becomes `self * factor + plus`.
    pub(super) fn multiply_add(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(factor) + carry;
            *digit = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Becomes `self * 10^n`.
    pub(super) fn multiply_ten(&mut self, n: u32) {
        for _ in 0..n / CHUNK {
            self.multiply_add(CHUNK_VALUE, 0);
        }
        self.multiply_add(10u32.pow(n % CHUNK), 0);
    }

    /// Becomes `self / 10^n`, rounded down; whether anything was lost.
    pub(super) fn divide_ten(&mut self, n: u32) -> bool {
        let mut lost = false;
        for _ in 0..n / CHUNK {
            lost |= self.divide(CHUNK_VALUE) != 0;
        }
        lost | (self.divide(10u32.pow(n % CHUNK)) != 0)
    }

    /// Becomes `self / by`, rounded down; the remainder.
    fn divide(&mut self, by: u32) -> u32 {
        let mut rest = 0u64;
        for digit in self.0.iter_mut().rev() {
            let value = rest << 32 | u64::from(*digit);
            *digit = (value / u64::from(by)) as u32;
            rest = value % u64::from(by);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }

    /// Becomes `self * 2^n`.
    pub(super) fn shift_left(&mut self, n: u32) {
        self.multiply_add(1 << (n % 32), 0);
        if !self.is_zero() {
            let zeros = std::iter::repeat_n(0, n as usize / 32);
            self.0.splice(0..0, zeros);
        }
    }

    /// Bit `n`.
    pub(super) fn bit(&self, n: u32) -> bool {
        self.0.get(n as usize / 32).is_some_and(|digit| digit >> (n % 32) & 1 == 1)
    }

    /// Whether any bit below `n` is set.
    pub(super) fn any_below(&self, n: u32) -> bool {
        (0..n).any(|i| self.bit(i))
    }

    /// The 64 bits from `n` on.
    pub(super) fn word_at(&self, n: u32) -> u64 {
        (0..64).filter(|i| self.bit(n + i)).fold(0, |word, i| word | 1 << i)
    }

    /// As decimal text.
    pub(super) fn into_decimal(mut self) -> String {
        let mut chunks = Vec::new();
        while !self.is_zero() {
            chunks.push(self.divide(CHUNK_VALUE));
        }
        let first = chunks.pop().unwrap_or(0).to_string();
        chunks.iter().rev().fold(first, |text, chunk| format!("{text}{chunk:09}"))
    }
}

impl From<u64> for Natural {
    fn from(n: u64) -> Natural {
        let mut digits = vec![n as u32, (n >> 32) as u32];
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Natural(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_agrees_with_itself() {
        let mut n = Natural::from(12_345_678_901_234_567_890);
        n.multiply_ten(25);
        assert_eq!(n.clone().into_decimal(), format!("12345678901234567890{}", "0".repeat(25)));
        n.multiply_add(1, 7);
        assert!(n.divide_ten(25));
        assert_eq!(n, Natural::from(12_345_678_901_234_567_890));
        n.shift_left(70);
        assert_eq!((n.bits(), n.word_at(70), n.any_below(71)), (134, 12_345_678_901_234_567_890, false));
        assert_eq!(Natural::default().into_decimal(), "0");
    }
}
