using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Gateway.Ledger.Front;

namespace Gateway.Ledger;

/// <summary>Named places between two durable steps, at which a test ends the process, fails the step or stops it for good. Off unless the environment names one.</summary>
/// <remarks><c>GATEWAY_TEST_CRASH=name:exit|throw|hang[:nth]</c>: at the nth arrival (from 1; default 1) at that place. <c>exit</c> is a <c>kill -9</c> of itself,
/// <c>throw</c> a <see cref="FrontUnavailableException"/>, which is also an <see cref="IOException"/>, <c>hang</c> blocks the thread for ever. What it does is said on the standard error first.</remarks>
internal static class CrashPoint
{
    private static readonly Plan? Planned = Plan.Read(Environment.GetEnvironmentVariable("GATEWAY_TEST_CRASH"));

    /// <summary>Does nothing, or what the environment asks for at this place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Reach(string name)
    {
        // Read-only, so the compiler drops the call where nothing is planned.
        if (Planned is not null)
            Planned.Arrive(name);
    }

    private sealed class Plan(string place, string what, int nth)
    {
        private int arrivals;

        public static Plan? Read(string? text)
        {
            if (string.IsNullOrEmpty(text))
                return null;

            var parts = text.Split(':');
            var nth = 1;
            var isPlan = parts.Length is 2 or 3
                && parts[1] is "exit" or "throw" or "hang"
                && (parts.Length == 2 || (int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out nth) && nth > 0));
            return isPlan ? new Plan(parts[0], parts[1], nth) : throw new FormatException($"GATEWAY_TEST_CRASH: \"{text}\" is not name:exit|throw|hang[:nth].");
        }

        public void Arrive(string name)
        {
            if (!string.Equals(name, place, StringComparison.Ordinal) || Interlocked.Increment(ref arrivals) != nth)
                return;

            Console.Error.WriteLine($"Crash point {name}: {what}.");
            switch (what)
            {
                case "throw":
                    throw new FrontUnavailableException($"The crash point {name} was asked to fail.");
                case "exit":
                    Process.GetCurrentProcess().Kill();
                    break;
            }

            Thread.Sleep(Timeout.Infinite);
        }
    }
}
