//! Which addresses a URL that a model chose may not reach: everything that is not on the public Internet.
//!
//! Of the older protocol only what the registries reserve is refused, of the newer one only global unicast is let
//! through. An address that carries another one inside is judged as the one inside. It asks nobody and allocates
//! nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns what kind of address it is, where that kind is not for the agent: `a loopback address`.
#[must_use]
pub fn refused(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

/// Network, length of its prefix, what it is. The first that fits counts.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 32, "the unspecified address"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this host's own network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a shared (CGNAT) address"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address"),
    // Public by number, but answered by the machine's own host in one cloud.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a metadata address"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address, where clouds keep metadata"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a reserved address"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a documentation address"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a reserved (6to4 relay) address"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a benchmarking address"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a documentation address"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a documentation address"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "the broadcast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
];

/// As [`V4`].
const V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address"),
    (Ipv6Addr::LOCALHOST, 128, "a loopback address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96, "a deprecated (IPv4-compatible) address"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a local NAT64 address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "a Teredo address"),
    (Ipv6Addr::new(0x2001, 2, 0, 0, 0, 0, 0, 0), 48, "a benchmarking address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "a reserved address"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a documentation address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a documentation address"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a unique-local address"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local address"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a site-local address"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address"),
];

/// The networks whose addresses carry one of the older protocol, and how many bits stand behind that one.
const CARRIERS: &[(Ipv6Addr, u32, u32)] = &[
    // Mapped.
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 0),
    // Translated.
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, 0),
    // NAT64.
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 0),
    // 6to4.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 80),
];

fn v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let hit = V4.iter().find(|(network, prefix, _)| (bits ^ network.to_bits()).leading_zeros() >= *prefix);
    hit.map(|(_, _, what)| *what)
}

fn v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = address.to_bits();
    let within = |network: &Ipv6Addr, prefix: u32| (bits ^ network.to_bits()).leading_zeros() >= prefix;
    if let Some((_, _, behind)) = CARRIERS.iter().find(|(network, prefix, _)| within(network, *prefix)) {
        return v4(Ipv4Addr::from_bits((bits >> behind) as u32));
    }
    let known = V6.iter().find(|(network, prefix, _)| within(network, *prefix)).map(|(_, _, what)| *what);
    let global = within(&Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
    known.or_else(|| (!global).then_some("a reserved address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_every_network() {
        for (bad, good) in [
            ("10.255.255.255", "11.0.0.0"),
            ("100.127.255.255", "100.128.0.0"),
            ("127.255.255.255", "128.0.0.0"),
            ("0.255.255.255", "1.0.0.0"),
            ("168.63.129.16", "168.63.129.17"),
            ("169.254.0.0", "169.253.255.255"),
            ("172.31.255.255", "172.32.0.0"),
            ("192.0.0.255", "192.0.1.0"),
            ("192.0.2.255", "192.0.3.0"),
            ("192.88.99.0", "192.88.98.255"),
            ("192.168.0.0", "192.167.255.255"),
            ("198.19.255.255", "198.20.0.0"),
            ("198.51.100.0", "198.51.99.255"),
            ("203.0.113.255", "203.0.114.0"),
            ("224.0.0.0", "223.255.255.255"),
            ("255.255.255.255", "223.0.0.1"),
            ("2001:1ff:ffff::", "2001:200::"),
            ("2001:db8:ffff::", "2001:db9::"),
            ("3fff:fff::1", "3fff:1000::"),
            ("1fff:ffff::1", "2000::1"),
            ("4000::", "3ffe::1"),
            ("fdff::1", "2600::1"),
            ("2002:a00:1::", "2002:808:808::"),
            ("::ffff:192.168.0.1", "::ffff:8.8.8.8"),
            ("64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8"),
            ("::ffff:0:10.0.0.1", "::ffff:0:8.8.4.4"),
        ] {
            assert!(refused(bad.parse().expect(bad)).is_some(), "{bad}");
            assert_eq!(refused(good.parse().expect(good)), None, "{good}");
        }
        for bad in
            ["::", "::1", "::8.8.8.8", "64:ff9b:1::1", "2001::1", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1"]
        {
            assert!(refused(bad.parse().expect(bad)).is_some(), "{bad}");
        }
    }

    #[test]
    fn what_is_refused_is_named() {
        let named = |address: &str| refused(address.parse().expect("an address"));
        assert_eq!(named("::ffff:127.0.0.1"), Some("a loopback address"));
        assert_eq!(named("0.0.0.0"), Some("the unspecified address"));
        assert_eq!(named("255.255.255.255"), Some("the broadcast address"));
        assert_eq!(named("240.0.0.1"), Some("a reserved address"));
        assert_eq!(named("2001:0:4136:e378::"), Some("a Teredo address"));
    }
}
