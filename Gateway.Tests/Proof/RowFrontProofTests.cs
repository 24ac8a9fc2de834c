using Gateway.Ledger.Front;
using Gateway.Ledger.Front.Rows;
using NUnit.Framework;

namespace Gateway.Tests.Proof;

[TestFixture]
internal sealed class RowFrontProofTests : FrontProofContract
{
    private protected override string Kind => "book";

    private protected override Task<ISharedFront> FrontAsync() =>
        Task.FromResult<ISharedFront>(new RowFront(Book.Source, Book, "gw_one", TimeSpan.FromSeconds(60), clock: null));

    private protected override Task EditAsync(string field, long add) => Server.ExecuteAsync(
        $"update front_account set buckets = jsonb_set(buckets::jsonb, '{{0,{field}}}', ((buckets -> 0 ->> '{field}')::bigint + {add})::text::jsonb)::json", Connection);
}
