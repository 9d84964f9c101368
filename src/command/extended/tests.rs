//! Numbers against text that redis-server wrote, and laws that hold for all of them.

use super::*;
use proptest::prelude::*;

fn number(text: &str) -> Extended {
    Extended::parse(text.as_bytes()).unwrap()
}

fn sum(a: &str, b: &str) -> String {
    number(a).plus(number(b)).unwrap().to_text()
}

#[test]
fn sums_have_the_digits_of_the_reference() {
    for (a, b, c) in [
        ("10.5", "0.1", "10.6"),
        ("3", "1.1", "4.1"),
        ("0.1", "0.2", "0.3"),
        ("5.0e3", "2.0e2", "5200"),
        ("1", "-1", "0"),
        ("-0", "-0", "0"),
        ("1e-18", "0", "0"),
        ("-1e-20", "0", "0"),
        ("1e18", "0.5", "1000000000000000000.5"),
        ("9223372036854775807", "1", "9223372036854775808"),
        ("18446744073709551615", "1", "18446744073709551616"),
        ("18446744073709551615", "2", "18446744073709551616"),
        ("0x10", "0x.8p1", "17"),
        ("0", "-390593.3868284614", "-390593.38682846140000038"),
    ] {
        assert_eq!(sum(a, b), c, "{a} + {b}");
    }
}

#[test]
fn what_is_no_number() {
    for bad in
        ["", "-", ".", "e5", "1e", "1e+", " 1", "1 ", "nan", "1x", "0x", "0x.p1", "1e5000", "1e-5000", "--1", "infi"]
    {
        assert_eq!(Extended::parse(bad.as_bytes()), None, "{bad:?}");
    }
    assert_eq!(Extended::parse(&[b'1'; 6000]), None);
    for good in ["5.", ".5", "+1", "1E3", "1e-4940", "1e4932", "00012", "Infinity", "-INF"] {
        assert!(Extended::parse(good.as_bytes()).is_some(), "{good:?}");
    }
}

#[test]
fn infinity_and_the_largest() {
    let max = Extended::MAX;
    assert!(max.plus(max).unwrap().is_infinite());
    assert_eq!(max.minus(max), Some(Extended::ZERO));
    assert_eq!(number("inf").minus(number("inf")), None);
    assert!(number("-inf") < max.negated() && max < number("inf") && number("-0") == number("0").min(number("-0")));
    assert_eq!(number(&max.to_text()), max);
}

proptest! {
    #[test]
    fn doubles_survive(bits in any::<u64>(), small in -1e6..1e6f64) {
        for value in [f64::from_bits(bits), small].into_iter().filter(|v| v.is_finite() && v.abs() >= 0.1) {
            let text = format!("{value:?}");
            let back = number(&text).to_text().parse::<f64>().unwrap();
            // The shortest text of a double may lie so near to the middle of two that rounding it to 64 bits crosses it; the
            // reference's digits do the same.
            prop_assert!(back.to_bits().abs_diff(value.to_bits()) <= 1, "{text}: {back:?}");
        }
    }

    #[test]
    fn whole_numbers_are_exact(a in any::<i64>(), b in -1_000_000_000i64..1_000_000_000) {
        let expected = i128::from(a) + i128::from(b);
        prop_assume!(expected.unsigned_abs() < 1 << 64);
        prop_assert_eq!(sum(&a.to_string(), &b.to_string()), expected.to_string());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Extended::parse(&bytes);
    }
}
