namespace Gateway.Transforms.Caching;

/// <summary>What a client wants of the cache, by its <c>Cache-Control</c> (RFC 9111, section 5.2.1).</summary>
public enum CacheWish
{
    /// <summary>Nothing special.</summary>
    Any,

    /// <summary>A new answer, which may be stored.</summary>
    NoCache,

    /// <summary>Nothing is looked up or stored.</summary>
    NoStore,
}

/// <summary>Reads the header.</summary>
public static class CacheWishReader
{
    /// <summary>Reads the header; directives that say nothing here are passed over.</summary>
    public static CacheWish Read(string? header)
    {
        var wish = CacheWish.Any;
        foreach (var range in header.AsSpan().Split(','))
        {
            var directive = header.AsSpan()[range].Trim();
            if (directive.Equals("no-store", StringComparison.OrdinalIgnoreCase))
                return CacheWish.NoStore;
            if (directive.Equals("no-cache", StringComparison.OrdinalIgnoreCase))
                wish = CacheWish.NoCache;
        }

        return wish;
    }
}
