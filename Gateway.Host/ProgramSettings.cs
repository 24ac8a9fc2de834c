using Gateway.Host.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;

namespace Gateway.Host;

/// <summary>Where settings are read from, and what the server lets in.</summary>
internal static class ProgramSettings
{
    /// <summary>A builder with every source of settings in its place.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // A watch on a folder is told of every write below it, and the spool and the book are usually below: looking every four seconds costs less.
        Environment.SetEnvironmentVariable("DOTNET_USE_POLLING_FILE_WATCHER", "true");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Insert(1, InWorkingDirectory());
        return builder;
    }

    /// <summary><c>appsettings.json</c> of the working directory, over the one beside the program; environment and arguments stay above both.</summary>
    private static JsonConfigurationSource InWorkingDirectory() => new()
    {
        FileProvider = new PhysicalFileProvider(Directory.GetCurrentDirectory()),
        Path = "appsettings.json",
        Optional = true,
        ReloadOnChange = true,
    };

    public static void Limit(KestrelServerOptions options, GatewaySettings settings)
    {
        options.AddServerHeader = false;
        var limits = options.Limits;
        limits.MaxRequestBodySize = settings.MaxRequestBytes;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);

        // A stream may be silent for minutes; the channel's idle time-out bounds it.
        limits.MinResponseDataRate = null;
    }
}
