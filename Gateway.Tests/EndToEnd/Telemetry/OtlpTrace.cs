using System.Text;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd.Telemetry;

/// <summary>The spans of one trace.</summary>
internal sealed record OtlpTrace(IReadOnlyList<OtlpSpan> Spans)
{
    /// <summary>The one server span.</summary>
    public OtlpSpan Server => Spans.Single(static span => span.Kind == "server");

    /// <summary>The attempts, in their order.</summary>
    public IReadOnlyList<OtlpSpan> Attempts => [.. Spans.Where(static span => span.Kind == "client").OrderBy(static span => span.Start)];

    /// <summary>Whether nothing more comes: a call with a receipt ends when that is recorded.</summary>
    public bool HasEnded =>
        Spans.FirstOrDefault(static span => span.Kind == "server") is { } server && (server.Text("gateway.receipt.id") is null || Spans.Any(static span => span.Name == "recording"));

    /// <summary>The names of all spans, without those of attempts.</summary>
    public IReadOnlyList<string> Steps => [.. Spans.Where(static span => span.Kind == "internal").OrderBy(static span => span.Start).ThenBy(static span => span.End).Select(static span => span.Name)];

    /// <summary>The one span of this name.</summary>
    public OtlpSpan Named(string name) => Spans.SingleOrDefault(span => span.Name == name) ?? throw new AssertionException($"Not one span is '{name}':\n{this}");

    /// <summary>Asserts that it is one tree: one server span, all others below it, none before it, none left open.</summary>
    /// <param name="parent">The caller's span; empty: there is none.</param>
    public void IsWhole(string parent = "")
    {
        Assert.That(Spans.Count(static span => span.Kind == "server"), Is.EqualTo(1), ToString());
        Assert.That(Server.ParentId, Is.EqualTo(parent), ToString());
        Assert.That(Spans.Select(static span => span.SpanId), Is.Unique, ToString());
        Assert.That(Spans.Select(static span => span.TraceId).Distinct().Count(), Is.EqualTo(1), ToString());
        using (Assert.EnterMultipleScope())
        {
            foreach (var span in Spans.Where(span => span != Server))
            {
                Assert.That(Spans.Select(static other => other.SpanId), Does.Contain(span.ParentId), $"an orphan: {span}");
                Assert.That(span.Start, Is.GreaterThanOrEqualTo(Server.Start), $"begins before its parent: {span}");
                Assert.That(span.End, Is.GreaterThanOrEqualTo(span.Start), $"ends before it begins: {span}");

                // The recording goes on behind the answer.
                if (span.Name != "recording")
                    Assert.That(span.End, Is.LessThanOrEqualTo(Server.End), $"outlives its parent: {span}");
            }
        }
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var root in Spans.Where(span => Spans.All(other => other.SpanId != span.ParentId)))
            Write(text, root, depth: 0);
        return text.ToString();
    }

    private void Write(StringBuilder text, OtlpSpan span, int depth)
    {
        text.Append(' ', 2 * depth).Append(span).Append('\n');
        foreach (var child in Spans.Where(other => other.ParentId == span.SpanId).OrderBy(static child => child.Start))
            Write(text, child, depth + 1);
    }
}
