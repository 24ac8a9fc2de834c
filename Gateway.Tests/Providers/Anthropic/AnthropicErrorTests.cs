using System.Text;
using System.Text.Json.Nodes;
using Gateway.Host.Anthropic;
using Gateway.Host.OpenAi;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Gateway.Tests.Providers.Anthropic;

/// <summary>The gateway's errors in Anthropic's shape: https://platform.claude.com/docs/en/api/errors.</summary>
public class AnthropicErrorTests
{
    [TestCase(400, "invalid_request_error")]
    [TestCase(401, "authentication_error")]
    [TestCase(402, "billing_error")]
    [TestCase(403, "permission_error")]
    [TestCase(404, "not_found_error")]
    [TestCase(408, "timeout_error")]
    [TestCase(409, "invalid_request_error")]
    [TestCase(413, "request_too_large")]
    [TestCase(429, "rate_limit_error")]
    [TestCase(500, "api_error")]
    [TestCase(501, "invalid_request_error")]
    [TestCase(502, "api_error")]
    [TestCase(503, "overloaded_error")]
    [TestCase(504, "timeout_error")]
    [TestCase(529, "overloaded_error")]
    public async Task An_answer_has_Anthropics_type_and_the_gateways_code(int status, string type)
    {
        var http = Http();

        await AnthropicError.WriteAsync(http, new GatewayError(status, "some_code", "What \"happened\".") { RetryAfter = TimeSpan.FromSeconds(2), Param = "model", AffordableMaxTokens = 7 });

        Assert.That(Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray()), Is.EqualTo(
            $$"""{"type":"error","error":{"type":"{{type}}","message":"What \"happened\".","code":"some_code","param":"model","affordable_max_tokens":7},"request_id":"req_1"}"""));
        Assert.That((http.Response.StatusCode, http.Response.ContentType, http.Response.Headers.RetryAfter.ToString(), http.Response.Headers["request-id"].ToString()),
            Is.EqualTo((status, "application/json", "2", "req_1")));
    }

    [Test]
    public void A_stream_ends_with_an_error_event()
    {
        var text = Encoding.UTF8.GetString(AnthropicError.Event(Http(), new GatewayError(502, null, "Broke off.")));

        Assert.That(text, Does.StartWith("event: error\ndata: {").And.EndsWith("}\n\n"));
        Assert.That(JsonNode.Parse(text["event: error\ndata: ".Length..])!["error"]!.ToJsonString(), Is.EqualTo("""{"type":"api_error","message":"Broke off."}"""));
    }

    private static DefaultHttpContext Http()
    {
        var http = new DefaultHttpContext();
        http.Response.Body = new MemoryStream();
        http.Response.Headers["x-request-id"] = "req_1";
        return http;
    }
}
