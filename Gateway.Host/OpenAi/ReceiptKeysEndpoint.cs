using System.Buffers;
using System.Text.Json;
using Gateway.Ledger.Proof;

namespace Gateway.Host.OpenAi;

/// <summary><c>GET /v1/receipts/keys</c>: the public keys that receipts are verified with, as a JSON Web Key Set. Public: whoever holds a receipt may check it.</summary>
internal static class ReceiptKeysEndpoint
{
    public static async Task ReadAsync(HttpContext http)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var json = new Utf8JsonWriter(buffer))
            http.RequestServices.GetRequiredService<ReceiptKeys>().WriteKeySet(json);

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = buffer.WrittenCount;
        http.Response.Headers.CacheControl = "public, max-age=300";
        await http.Response.Body.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }
}
