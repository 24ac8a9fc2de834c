using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Gateway.Load;

/// <summary>Makes keys over REST, as an operator's script would, and writes them to a file, one a line.</summary>
internal static class ManyKeys
{
    private const int AtOnce = 16;

    public static async Task<int> MakeAsync(Uri api, string admin, int count, string file)
    {
        using var client = new HttpClient { BaseAddress = api };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", admin);
        var keys = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, cancellationToken) =>
        {
            var fields = new { name = $"bench {i}", kind = "inference", rateLimit = new { burst = 1_000_000, refillPerSecond = 1_000_000 } };
            using var answer = await client.PostAsJsonAsync("api/keys", fields, cancellationToken);
            answer.EnsureSuccessStatusCode();
            var made = await answer.Content.ReadFromJsonAsync<JsonObject>(cancellationToken);
            keys[i] = (string?)made?["key"] ?? throw new IOException("A key was made without its secret.");
        });
        await File.WriteAllLinesAsync(file, keys);
        Console.WriteLine($"{count} keys");
        return 0;
    }
}
