using Gateway.Tests.EndToEnd;
using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>On SQLite and the front in process.</summary>
[TestFixture]
internal sealed class EmbeddedCrashPointTests : CrashPointTests
{
    private static IEnumerable<CrashCase> Drawn => Draw(shared: false);

    [TestCaseSource(nameof(Drawn))]
    public Task A_crash_leaves_the_row_that_is_promised(CrashCase crash) => LeavesItsRowAsync(crash);

    protected override Task StartStoresAsync() => Task.CompletedTask;

    protected override Task StopStoresAsync() => Task.CompletedTask;

    protected override Task ForkAsync(string folder)
    {
        foreach (var file in Template.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(Template.FullName, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            file.CopyTo(target);
        }

        return Task.CompletedTask;
    }

    protected override void Connect(IDictionary<string, string> settings)
    {
        // The default: data/gateway.db in the gateway's own folder.
    }

    protected override Task<StoredBook> ReadBookAsync(string folder) => StoredBook.ReadAsync(Path.Combine(folder, "data", "gateway.db"));
}
