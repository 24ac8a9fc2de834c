using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Routing;

/// <summary>A server on loopback that answers everything in one way; over TLS with a certificate that nobody trusts.</summary>
internal sealed class PlainServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly X509Certificate2? certificate;

    private PlainServer(WebApplication app, X509Certificate2? certificate) => (this.app, this.certificate) = (app, certificate);

    public Uri Address => new(app.Urls.First());

    public static async Task<PlainServer> StartAsync(RequestDelegate answer, HttpProtocols? tls = null)
    {
        var identity = tls is null ? null : SelfSigned();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            if (identity is null)
                return;
            listen.Protocols = tls!.Value; // not null: there is a certificate
            listen.UseHttps(identity);
        }));
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return new PlainServer(server, identity);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        certificate?.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
