using Gateway.Ledger.Front;
using Gateway.Ledger.Front.InProcess;
using NUnit.Framework;

namespace Gateway.Tests.Front;

[TestFixture]
public sealed class InProcessFrontTests : FrontContract
{
    private protected override int Histories => 300;

    private protected override ValueTask<IFront> CreateAsync() => ValueTask.FromResult<IFront>(new InProcessFront(Book, Time, Lease));
}
