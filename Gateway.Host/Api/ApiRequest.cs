using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FluentValidation;
using Gateway.Ledger.Book;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Host.Api;

/// <summary>Carries a refusal out of the reading of a request; <see cref="ControlPlane"/> turns it into the answer.</summary>
internal sealed class ApiRefusal(IResult result) : Exception("The request was refused.")
{
    /// <summary>The answer.</summary>
    public IResult Result { get; } = result;
}

/// <summary>Reads what every write has: a JSON body, <c>Idempotency-Key</c>, <c>If-Match</c>.</summary>
/// <param name="Body">The body's bytes; empty: none.</param>
/// <param name="By">Who writes, and under which idempotency key.</param>
/// <param name="IfMatch">The version that the caller expects; <c>null</c>: any.</param>
internal sealed record ApiRequest(byte[] Body, Authorship By, long? IfMatch)
{
    /// <summary>The largest body. Unit: bytes.</summary>
    public const int MostBodyBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiRefusal">It cannot be read.</exception>
    public static async Task<ApiRequest> ReadAsync(HttpContext http)
    {
        var body = HttpMethods.IsDelete(http.Request.Method) ? [] : await ReadBodyAsync(http);
        var caller = ApiCaller.Of(http);
        var key = http.Request.Headers["Idempotency-Key"].ToString();
        if (key.Length > 255 || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ApiRefusal(Problem.Invalid("Idempotency-Key", "must be 1 to 255 characters of printable ASCII."));
        var by = new Authorship(caller.Actor);
        if (key.Length > 0)
        {
            var what = Encoding.UTF8.GetBytes($"{http.Request.Method} {http.Request.Path} {caller.Workspace}\n");
            by = by with { IdempotencyKey = key, Fingerprint = Convert.ToHexStringLower(SHA256.HashData([.. what, .. body])) };
        }

        return new ApiRequest(body, by, ReadIfMatch(http.Request.Headers.IfMatch.ToString()));
    }

    /// <summary>The body as the fields of a resource.</summary>
    /// <exception cref="ApiRefusal">Not JSON, or not these fields.</exception>
    public T Read<T>()
        where T : class => Guarded(() => JsonSerializer.Deserialize<T>(Body, ApiJson.Options));

    /// <summary>The stored fields with the body merged into them (RFC 7396), and the names that the body has.</summary>
    /// <exception cref="ApiRefusal">Not JSON, or not these fields.</exception>
    public (T Merged, IReadOnlySet<string> Named) Merge<T>(T stored)
        where T : class
    {
        // Read by itself first: a null for an unknown field would vanish in the merge.
        Read<T>();
        var patch = Guarded(() => JsonNode.Parse(Body, documentOptions: Strict) as JsonObject);
        var target = (JsonObject)JsonSerializer.SerializeToNode(stored, ApiJson.Options)!;
        Apply(target, patch);
        return (Guarded(() => target.Deserialize<T>(ApiJson.Options)), patch.Select(static pair => pair.Key).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Refuses fields that are beyond their limits.</summary>
    public static void Check<T>(IValidator<T> validator, T fields)
    {
        var result = validator.Validate(fields);
        if (!result.IsValid)
            throw new ApiRefusal(Problem.Invalid(result));
    }

    private static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
                target.Remove(name);
            else if (value is JsonObject inner && target[name] is JsonObject existing)
                Apply(existing, inner);
            else
                target[name] = value.DeepClone();
        }
    }

    private static T Guarded<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read() ?? throw new ApiRefusal(Problem.Invalid("", "The body must be a JSON object."));
        }
        catch (JsonException mistake)
        {
            throw new ApiRefusal(Problem.Invalid(JsonField.Of(mistake), JsonField.Message(mistake)));
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext http)
    {
        if (http.Request.ContentLength == 0 || http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return [];
        if (http.Request.ContentLength > MostBodyBytes)
            throw new ApiRefusal(Problem.TooLarge());
        var mediaType = (http.Request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        var isPatch = HttpMethods.IsPatch(http.Request.Method);
        if (mediaType is not "application/json" && !(isPatch && mediaType is "application/merge-patch+json"))
            throw new ApiRefusal(Problem.UnsupportedMediaType());

        using var buffer = new MemoryStream();
        var chunk = new byte[16 << 10];
        while (await http.Request.Body.ReadAsync(chunk, http.RequestAborted) is var count and > 0)
        {
            buffer.Write(chunk, 0, count);
            if (buffer.Length > MostBodyBytes)
                throw new ApiRefusal(Problem.TooLarge());
        }

        return buffer.ToArray();
    }

    private static long? ReadIfMatch(string text)
    {
        if (text is "" or "*")
            return null;
        return text is ['"', .., '"'] && long.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new ApiRefusal(Problem.PreconditionFailed());
    }
}
