using Gateway.Ledger.Book;
using Gateway.Ledger.Front;

namespace Gateway.Ledger.Coordination;

/// <summary>What several gateways share, put together for one of them.</summary>
/// <param name="Book">The opened book.</param>
/// <param name="Epochs">The front that calls use.</param>
/// <param name="Coordination">Where gateways meet.</param>
/// <param name="Redis">Redis; <c>null</c>: not configured.</param>
/// <param name="Rows">The front that the book keeps.</param>
/// <param name="Gateway">This gateway's id, new with each start.</param>
internal sealed record SharedParts(IBook Book, EpochFront Epochs, ICoordination Coordination, ISharedFront? Redis, ISharedFront Rows, string Gateway);
