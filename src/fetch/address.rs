//! Which IP addresses may be connected to: public ones, unless the user allows others.
//!
//! URLs come from pages, which are untrusted input. Without this check, a page with
//! `<script src="https://intranet/…">` could read what only this machine can reach. Both the address
//! written in a URL and the addresses that a name resolves to are checked. The latter is done inside the
//! resolver, so that the address that was checked is the one that is connected to. Ranges follow IANA's
//! special-purpose address registries (RFC 6890).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use url::{Host, Url};

/// Why an address is not one of the public internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// `0.0.0.0/8`, `::`.
    Unspecified,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// `169.254.0.0/16` (with the metadata services of clouds), `fe80::/10`.
    LinkLocal,
    /// RFC 1918, unique-local `fc00::/7` and the retired site-local `fec0::/10`.
    Private,
    /// `100.64.0.0/10`, behind a provider's NAT.
    Shared,
    /// One sender, many receivers.
    Multicast,
    /// Examples in books, and ranges for measuring devices.
    Documentation,
    /// An IPv6 address that carries an IPv4 one: mapped, compatible, NAT64, 6to4, Teredo.
    Embedded,
    /// Whatever else is not handed out for public use.
    Reserved,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "an unspecified",
            Self::Loopback => "a loopback",
            Self::LinkLocal => "a link-local",
            Self::Private => "a private",
            Self::Shared => "a carrier's shared",
            Self::Multicast => "a multicast",
            Self::Documentation => "a documentation or benchmarking",
            Self::Embedded => "an IPv4-embedding",
            Self::Reserved => "a reserved",
        })
    }
}

/// A host whose address is not one of the public internet.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{host}` is at {address}, {range} address")]
pub struct PrivateAddress {
    /// The host as the URL names it.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// What kind of address that is.
    pub range: Range,
}

/// The special range `address` lies in, or `None` for a public one.
pub(super) fn special(address: IpAddr) -> Option<Range> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Range> {
    Some(match address.octets() {
        [0, ..] => Range::Unspecified,
        [127, ..] => Range::Loopback,
        [169, 254, ..] => Range::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Range::Private,
        [100, 64..=127, ..] => Range::Shared,
        [224..=239, ..] => Range::Multicast,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18..=19, ..] => {
            Range::Documentation
        }
        [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => Range::Reserved,
        _ => return None,
    })
}

/// Only `2000::/3` is handed out for public use, so everything else is special by itself.
fn special_v6(address: Ipv6Addr) -> Option<Range> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Range::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => Range::Loopback,
        [0, 0, 0, 0, 0 | 0xffff, 0 | 0xffff, _, _] | [0x64, 0xff9b, ..] => Range::Embedded,
        [0x2002, ..] | [0x2001, 0, ..] => Range::Embedded,
        [0x2001, 0xdb8, ..] | [0x2001, 2, 0, ..] | [0x3fff, 0..=0xfff, ..] => Range::Documentation,
        [0x2001, 0..=0x1ff, ..] => Range::Reserved,
        [0xfe80..=0xfebf, ..] => Range::LinkLocal,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Range::Private,
        [0xff00..=0xffff, ..] => Range::Multicast,
        [0x2000..=0x3fff, ..] => return None,
        _ => Range::Reserved,
    })
}

/// Checks an address written in the URL itself, which no resolver is ever asked about.
///
/// The URL parser has already turned spellings such as `0x7f.1` and `2130706433` into addresses.
pub(super) fn check_literal(url: &Url) -> Result<(), PrivateAddress> {
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    let host = url.host_str().unwrap_or_default();
    special(address)
        .map_or(Ok(()), |range| Err(PrivateAddress { host: host.to_owned(), address, range }))
}

/// Keeps the public addresses of `host`.
///
/// # Errors
/// [`PrivateAddress`] if there are addresses and none of them is public.
fn public_only(host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, PrivateAddress> {
    let refused = found.iter().find_map(|found| {
        let address = found.ip();
        special(address).map(|range| PrivateAddress { host: host.to_owned(), address, range })
    });
    let public: Vec<_> = found.into_iter().filter(|found| special(found.ip()).is_none()).collect();
    match refused {
        Some(refused) if public.is_empty() => Err(refused),
        _ => Ok(public),
    }
}

/// The system's resolver, without the addresses that may not be connected to.
pub(super) struct GuardedResolver {
    /// Hosts of the user's own proxies, which commonly live on a private network.
    pub exempt: Vec<String>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let exempt = self.exempt.contains(&host);
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let checked = if exempt { found } else { public_only(&host, found)? };
            Ok(Box::new(checked.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn literal(url: &str) -> Result<(), PrivateAddress> {
        check_literal(&Url::parse(url).unwrap())
    }

    #[test]
    fn public_addresses_pass() {
        for address in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "192.0.1.1"] {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
        for address in ["2606:4700::1111", "2a04:4e42::485", "2001:4860:4860::8888"] {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
    }

    #[test]
    fn every_special_range_is_named() {
        for (address, range) in [
            ("0.0.0.0", Range::Unspecified),
            ("127.8.8.8", Range::Loopback),
            ("169.254.169.254", Range::LinkLocal),
            ("10.0.0.1", Range::Private),
            ("172.31.255.255", Range::Private),
            ("192.168.0.1", Range::Private),
            ("100.64.0.1", Range::Shared),
            ("100.127.255.255", Range::Shared),
            ("224.0.0.251", Range::Multicast),
            ("192.0.2.1", Range::Documentation),
            ("198.18.0.1", Range::Documentation),
            ("255.255.255.255", Range::Reserved),
            ("192.0.0.8", Range::Reserved),
            ("::", Range::Unspecified),
            ("::1", Range::Loopback),
            ("::ffff:8.8.8.8", Range::Embedded),
            ("::8.8.8.8", Range::Embedded),
            ("::ffff:0:8.8.8.8", Range::Embedded),
            ("64:ff9b::8.8.8.8", Range::Embedded),
            ("64:ff9b:1::1", Range::Embedded),
            ("2002:7f00:1::", Range::Embedded),
            ("2001::1", Range::Embedded),
            ("2001:db8::1", Range::Documentation),
            ("3fff::1", Range::Documentation),
            ("fe80::1", Range::LinkLocal),
            ("fd00:ec2::254", Range::Private),
            ("fec0::1", Range::Private),
            ("ff02::1", Range::Multicast),
            ("5f00::1", Range::Reserved),
            ("4000::1", Range::Reserved),
        ] {
            assert_eq!(special(address.parse().unwrap()), Some(range), "{address}");
        }
    }

    #[test]
    fn odd_spellings_of_an_address_in_a_url_are_seen_through() {
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://１２７.0.0.1/",
        ] {
            assert!(literal(url).is_err(), "{url}");
        }
        assert!(literal("https://1.1.1.1/").is_ok());
        assert!(literal("https://cdn.example/").is_ok());
    }

    #[test]
    fn a_name_with_public_and_private_addresses_keeps_the_public_ones() {
        let public = SocketAddr::from(([93, 184, 216, 34], 0));
        let private = SocketAddr::from(([10, 0, 0, 1], 0));
        assert_eq!(public_only("h", vec![private, public]), Ok(vec![public]));
        assert_eq!(public_only("h", vec![private]).unwrap_err().address, private.ip());
        assert_eq!(public_only("h", vec![]), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn an_ipv4_address_hidden_in_ipv6_never_passes(octets: [u8; 4]) {
            let v4 = Ipv4Addr::from(octets);
            let [a, b] = [u16::from_be_bytes([octets[0], octets[1]]), u16::from_be_bytes([octets[2], octets[3]])];
            for v6 in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
            ] {
                prop_assert!(special(v6.into()).is_some(), "{v6}");
            }
        }

        #[test]
        fn what_the_standard_library_calls_private_never_passes(address: Ipv4Addr) {
            if address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_broadcast() || address.is_documentation()
                || address.is_unspecified()
            {
                prop_assert!(special(address.into()).is_some());
            }
        }

        #[test]
        fn only_global_unicast_ipv6_passes(address: Ipv6Addr) {
            if special(address.into()).is_none() {
                prop_assert_eq!(address.segments()[0] & 0xe000, 0x2000);
            }
        }
    }
}
