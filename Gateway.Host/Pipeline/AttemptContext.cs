using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Host.Pipeline;

/// <summary>A request context for one of two attempts that run beside each other: its own request, status and lifetime; the client's body, services and endpoint.</summary>
/// <remarks>YARP sets a status on the context that it is given. With two attempts on one context the slower would set it under the faster one's answer.</remarks>
internal static class AttemptContext
{
    /// <summary>The context; what is written to its body goes to the client.</summary>
    public static DefaultHttpContext Of(HttpContext client)
    {
        var request = client.Request;
        var features = new FeatureCollection(client.Features);
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Protocol = request.Protocol,
            Scheme = request.Scheme,
            Method = request.Method,
            PathBase = request.PathBase,
            Path = request.Path,
            Headers = request.Headers,
        });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature());
        return new DefaultHttpContext(features);
    }
}
