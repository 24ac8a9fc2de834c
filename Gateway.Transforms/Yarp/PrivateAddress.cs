using System.Net;
using System.Net.Sockets;

namespace Gateway.Transforms.Yarp;

/// <summary>Addresses that a public upstream does not have: loopback, private, link-local, carrier-grade, benchmark, multicast, reserved.</summary>
/// <remarks>Source: the IANA special-purpose registries, https://www.iana.org/assignments/iana-ipv4-special-registry.</remarks>
public static class PrivateAddress
{
    private static readonly IPNetwork[] V4 =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("192.88.99.0/24"), IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
    ];

    // Of IPv6 only 2000::/3 is public; these are the exceptions inside it.
    private static readonly IPNetwork V6Public = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] V6Exceptions = [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("3fff::/20")];
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether a connection to the address needs the channel's <c>allowPrivateAddress</c>. IPv4 inside IPv6 (mapped, NAT64, 6to4) is judged as the IPv4 it is.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return Array.Exists(V4, network => network.Contains(address));
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return true;
        if (address.IsIPv4MappedToIPv6)
            return IsPrivate(address.MapToIPv4());

        var bytes = address.GetAddressBytes();
        var plain = new IPAddress(bytes);
        if (Nat64.Contains(plain))
            return IsPrivate(new IPAddress(bytes.AsSpan(12, 4)));
        if (SixToFour.Contains(plain))
            return IsPrivate(new IPAddress(bytes.AsSpan(2, 4)));
        return !V6Public.Contains(plain) || Array.Exists(V6Exceptions, network => network.Contains(plain));
    }

    /// <summary>Whether a URL's host is such an address as it is written, or a name of the machine itself. Names that resolve to one are caught at connect time.</summary>
    public static bool IsPrivateHost(Uri url)
    {
        var host = url.IdnHost.TrimEnd('.');
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return true;

        // Uri has already turned 127.1, 0x7f000001 and 2130706433 into four numbers.
        return IPAddress.TryParse(host.Trim('[', ']'), out var address) && IsPrivate(address);
    }
}
