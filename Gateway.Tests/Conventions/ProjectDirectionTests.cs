using System.Reflection;
using Gateway.Ledger;
using Gateway.Transforms.Yarp;
using NUnit.Framework;

namespace Gateway.Tests.Conventions;

[TestFixture]
public sealed class ProjectDirectionTests
{
    private static readonly Assembly Ledger = typeof(ILedger).Assembly;
    private static readonly Assembly Transforms = typeof(ForwardAttempt).Assembly;

    [Test]
    public void The_ledger_knows_nothing_of_http_yarp_or_the_transforms()
    {
        var references = Names(Ledger);

        Assert.That(references, Has.None.StartsWith("Microsoft.AspNetCore"));
        Assert.That(references, Has.None.StartsWith("Yarp"));
        Assert.That(references, Has.None.StartsWith("Gateway."));
    }

    [Test]
    public void The_transforms_know_nothing_of_sql_or_the_ledger()
    {
        var references = Names(Transforms);

        Assert.That(references, Has.None.EqualTo("Dapper"));
        Assert.That(references, Has.None.StartsWith("Microsoft.Data"));
        Assert.That(references, Has.None.StartsWith("Gateway."));
    }

    [Test]
    public void All_contact_of_the_transforms_with_yarp_is_in_one_folder()
    {
        var outside = Transforms.GetTypes()
            .Where(static type => type.Namespace is not null && !type.Namespace.EndsWith(".Yarp", StringComparison.Ordinal))
            .Where(static type => type.GetInterfaces().Any(static contract => contract.Namespace?.StartsWith("Yarp.", StringComparison.Ordinal) == true));

        Assert.That(outside, Is.Empty);
    }

    private static string[] Names(Assembly assembly) => [.. assembly.GetReferencedAssemblies().Select(static name => name.Name!)];
}
