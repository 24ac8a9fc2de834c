using Gateway.Host.Catalogue;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Host.Settings;
using Gateway.Transforms;
using Gateway.Transforms.Bodies;
using Gateway.Transforms.Providers;
using Gateway.Transforms.Tokens;

namespace Gateway.Host.Anthropic;

/// <summary><c>POST /v1/messages/count_tokens</c>: how long the prompt of a call would be. Costs nothing, and has no receipt.</summary>
/// <remarks>
/// A provider of Anthropic's API is asked, because its tokenizer is not public; where it does not answer, and for all others, it is the gateway's own count with the
/// reserve that a hold has. https://platform.claude.com/docs/en/build-with-claude/token-counting
/// </remarks>
internal sealed class CountTokensEndpoint(Credentials credentials, CatalogueSource catalogue, UpstreamTokenCount upstream, GatewaySettings settings, TimeProvider time)
{
    public static Task AnswerAsync(HttpContext http) => http.RequestServices.GetRequiredService<CountTokensEndpoint>().CountAsync(http);

    private async Task CountAsync(HttpContext http)
    {
        var (key, refused) = await credentials.AuthenticateAsync(http);
        if (key is null)
        {
            await AnthropicError.WriteAsync(http, refused!); // not null: there is no key
            return;
        }

        using var body = new RequestBody(CallKind.Messages);
        var (tokens, error) = await CountAsync(http, key, body);
        if (error is not null)
            await AnthropicError.WriteAsync(http, error);
        else
            await JsonAnswer.WriteAsync(http, json => json.WriteNumber("input_tokens", tokens));
    }

    private async ValueTask<(long Tokens, GatewayError? Error)> CountAsync(HttpContext http, KeySnapshot key, RequestBody body)
    {
        if (await body.ReadAsync(http.Request, settings.MaxRequestBytes, http.RequestAborted) is { } unreadable)
            return (0, unreadable);

        var index = body.Index;
        var resolution = catalogue.Current.Resolve(index.Model, index.Provider, key, time.GetUtcNow());
        if (resolution is not ModelResolution.Resolved resolved)
            return (0, RequestPipeline.Unresolved(resolution, index.Model, index.Provider));

        var candidate = resolved.Candidates[0];
        var preset = candidate.Channel.Preset;
        var counted = preset.Api is UpstreamApi.Anthropic
            ? await upstream.CountAsync(candidate.Channel, preset, BodyFor(candidate.UpstreamModel, body), http.RequestAborted)
            : null;
        return (counted ?? ChatTokens.Reserve(MessagesPrompt.Count(body.Bytes.Span, resolved.Model.Name), resolved.Model.Name), null);
    }

    private static byte[] BodyFor(string upstreamModel, RequestBody body)
    {
        var splice = new BodySplice();
        RequestEdits.ReplaceModel(body.Index, splice, upstreamModel);
        RequestEdits.RemoveProvider(body.Index, splice);
        var bytes = new byte[splice.OutputLength(body.Bytes.Length)];
        splice.WriteTo(body.Bytes.Span, bytes);
        return bytes;
    }
}
