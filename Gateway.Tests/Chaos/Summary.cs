using NUnit.Framework;

namespace Gateway.Tests.Chaos;

/// <summary>The lines that say what a long run did: counts and seeds. They are shown while it runs, and collected in the file <c>$GATEWAY_TEST_SUMMARY</c>.</summary>
internal static class Summary
{
    public static async Task WriteAsync(string line)
    {
        await TestContext.Progress.WriteLineAsync(line);
        if (Environment.GetEnvironmentVariable("GATEWAY_TEST_SUMMARY") is { Length: > 0 } file)
            await File.AppendAllTextAsync(file, line + "\n");
    }
}
