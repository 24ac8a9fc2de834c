using System.Data.Common;

namespace Gateway.Ledger.Book;

/// <summary>Which exceptions mean that the book is away, rather than that the program is wrong.</summary>
internal static class BookFailure
{
    /// <summary>Whether another try later may succeed.</summary>
    /// <remarks>ObjectDisposedException: what the driver throws now and then for a connection that breaks in its hands.</remarks>
    public static bool Is(Exception exception) => exception is DbException or IOException or TimeoutException or ObjectDisposedException;
}
