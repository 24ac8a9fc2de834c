using System.Data.Common;
using Gateway.Host;
using Gateway.Host.Anthropic;
using Gateway.Host.Api;
using Gateway.Host.Caching;
using Gateway.Host.Catalogue;
using Gateway.Host.Commands;
using Gateway.Host.Demo;
using Gateway.Host.Health;
using Gateway.Host.Keys;
using Gateway.Host.OpenAi;
using Gateway.Host.Pipeline;
using Gateway.Host.ProxyRules;
using Gateway.Host.Responses;
using Gateway.Host.Routing;
using Gateway.Host.Secrets;
using Gateway.Host.Settings;
using Gateway.Host.Telemetry;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Ledger.Front.Redis;
using Gateway.Ledger.Spool;
using Gateway.Transforms.Tokens;
using Gateway.Transforms.Yarp;
using Microsoft.Extensions.Configuration.Memory;
using Yarp.ReverseProxy.Configuration;

if (CommandLine.IsCommand(args))
    return await CommandLine.RunAsync(args, CancellationToken.None);

try
{
    var builder = ProgramSettings.CreateBuilder(args);
    var settings = GatewaySettings.Read(builder.Configuration);
    builder.WebHost.ConfigureKestrel(options => ProgramSettings.Limit(options, settings));
    builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.DrainTime + TimeSpan.FromSeconds(5));
    if (string.IsNullOrEmpty(builder.Configuration["URLS"]))
        builder.WebHost.UseUrls("http://127.0.0.1:8080");

    // The tables of the first tokenizer load while the book opens.
    var warmUp = Task.Run(static () => TokenCounter.For(TokenEncoding.O200k).Count("warm"u8));

    // Before the ledger and after it: the last settlements are measured too.
    await using var telemetry = TelemetryPipeline.Start(builder.Configuration, TimeProvider.System);
    builder.AddTelemetry(telemetry);
    using var logging = LoggerFactory.Create(log => log.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole().AddTelemetry(telemetry, builder.Configuration));
    var masterKeys = MasterKeyFile.LoadOrCreate(settings);
    using var receiptKeys = masterKeys.DeriveReceiptKeys();
    await using var storage = await LedgerStorage.OpenAsync(settings.ToLedgerOptions() with { Keys = receiptKeys }, TimeProvider.System, logging, CancellationToken.None);

    await using var answers = settings.RedisConnection is { } redis
        ? await CacheConnection.OpenAsync(redis, TimeProvider.System, logging.CreateLogger<CacheConnection>())
        : null;

    await using var demo = await DemoSetup.IsWantedAsync(builder.Configuration, storage.Resources, CancellationToken.None)
        ? await DemoUpstream.StartAsync(CancellationToken.None)
        : null;
    if (demo is not null)
        builder.Configuration.Sources.Add(new MemoryConfigurationSource { InitialData = DemoSetup.Configuration(demo) });

    var services = builder.Services;
    services.AddSingleton(TimeProvider.System);
    services.AddSingleton(settings);
    services.AddSingleton(masterKeys);
    services.AddSingleton(receiptKeys);
    services.AddSingleton(storage.Ledger);
    services.AddSingleton(storage.Resources);
    services.AddSingleton(storage.Notices);
    services.AddSingleton(storage.Calls);
    services.AddSingleton(storage.Runs);
    services.AddAnswerCaching(settings, answers);
    services.AddSingleton(storage.Scores);
    services.AddWatchdog();
    services.AddControlPlane();
    services.AddSingleton<DemoSetup>();
    services.AddSingleton<Credentials>();
    services.AddSingleton<ChannelLoad>();
    services.AddSingleton<Admission>();
    services.AddSingleton<Upstreams>();
    services.AddSingleton<Forwarding>();
    services.AddSingleton<RuleSteps>();
    services.AddSingleton<Reply>();
    services.AddSingleton<SpendRatios>();
    services.AddSingleton<Drains>();
    services.AddSingleton<QuoteEndpoint>();
    services.AddSingleton<UpstreamTokenCount>();
    services.AddSingleton<CountTokensEndpoint>();
    services.AddSingleton<StoredAnswers>();
    services.AddStoredResponses(storage.ResponseOrigins, isShared: settings.BookConnection is not null);
    services.AddHostedService<ResourceWatch>();
    services.AddHostedService<AnswerExpiry>();
    services.AddHostedService<WatchdogClock>();
    services.AddHostedService(static provider => provider.GetRequiredService<ShadowPairs>());
    services.AddSingleton<CallMetrics>();
    services.AddSingleton<StateMetrics>();
    services.AddSingleton<LiveCalls>();
    services.AddHostedService(static provider => provider.GetRequiredService<LiveCalls>());
    services.AddSingleton<Drain>();
    services.AddSingleton<RequestPipeline>();
    services.AddSingleton<UpstreamClusters>();
    services.AddSingleton<IProxyConfigProvider>(static provider => provider.GetRequiredService<UpstreamClusters>());
    services.AddChannelRouting();
    services.AddReverseProxy().AddTransforms<ForwardTransforms>();

    var app = builder.Build();
    var drain = app.Services.GetRequiredService<Drain>();
    app.Use(drain.CloseConnections);
    app.UseMiddleware<RequestTracing>();
    app.UseMiddleware<ErrorShape>();
    app.MapControlPlane();
    app.MapOwnEndpoints();
    app.MapMetrics();
    app.MapHealth();
    app.MapReverseProxy(static proxy =>
    {
        var pipeline = proxy.ApplicationServices.GetRequiredService<RequestPipeline>();
        proxy.Use(next => http => pipeline.InvokeAsync(http, next));
        proxy.UseLoadBalancing();
    });

    var catalogue = app.Services.GetRequiredService<CatalogueSource>();
    catalogue.Changed += () => ProxyRoutes.Update(app.Services.GetRequiredService<UpstreamClusters>(), catalogue.Current);
    await catalogue.ReloadAsync(CancellationToken.None);
    await app.Services.GetRequiredService<Detectors>().ReloadAsync(CancellationToken.None);
    await app.Services.GetRequiredService<RuleSource>().ReloadAsync(CancellationToken.None);
    var operatorKey = await app.Services.GetRequiredService<OperatorKey>().EnsureAsync(CancellationToken.None);
    app.Services.GetRequiredService<StateMetrics>();
    await warmUp;
    await app.StartAsync();
    StartUpLine.Log(app.Services.GetRequiredService<ILoggerFactory>(), StartUpFacts.Of(settings, builder.Configuration, app.Urls, catalogue.Current));

    if (operatorKey is not null)
        await Console.Out.WriteLineAsync($"The operator's key, shown this once: {operatorKey}");
    if (demo is not null)
        await Console.Out.WriteLineAsync(DemoSetup.CurlLine(app.Urls.First(), await app.Services.GetRequiredService<DemoSetup>().EnsureAsync(CancellationToken.None)));
    await drain.WaitAsync();
    await drain.StopAsync(app);
    return 0;
}
catch (Exception mistake) when (mistake is SettingException or BookSettingException or FrontSettingException or SpoolInUseException)
{
    await Console.Error.WriteLineAsync(mistake.Message);
    return 1;
}
catch (Exception away) when (away is DbException or TimeoutException)
{
    await Console.Error.WriteLineAsync($"ConnectionStrings__Ledger: the book went away while the gateway started: {away.Message}");
    return 1;
}
