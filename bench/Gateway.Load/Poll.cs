using System.Runtime.InteropServices;

namespace Gateway.Load;

/// <summary><c>ppoll(2)</c>: waits for sockets and for a moment with a precision of microseconds. <see cref="System.Net.Sockets.Socket"/> has only milliseconds.</summary>
internal static class Poll
{
    public const short Readable = 1;
    public const short Writable = 4;
    private const int Interrupted = 4;
    private const int SetTimerSlack = 29;

    /// <summary>Waits until a socket is ready or the time has passed. A negative handle is left out.</summary>
    public static void Wait(Descriptor[] sockets, TimeSpan atMost)
    {
        var timeout = new TimeSpec((nint)(atMost.Ticks / TimeSpan.TicksPerSecond), (nint)(atMost.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick));
        if (ppoll(sockets, (nuint)sockets.Length, in timeout, 0) < 0 && Marshal.GetLastPInvokeError() is not Interrupted and var error)
            throw new IOException($"ppoll: {error}");
    }

    /// <summary>The kernel may wake a thread 50 us late to save power; this thread it wakes when it asked to be.</summary>
    public static void WakeOnTime() => _ = prctl(SetTimerSlack, 1, 0, 0, 0);

    [DllImport("libc", SetLastError = true)]
    private static extern int ppoll([In, Out] Descriptor[] sockets, nuint count, in TimeSpec timeout, nint signals);

    [DllImport("libc", SetLastError = true)]
    private static extern int prctl(int option, nuint nanoseconds, nuint third, nuint fourth, nuint fifth);

    /// <summary>One socket: what is waited for, and what came.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Descriptor
    {
        public int Handle;
        public short Wanted;
        public short Seen;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec(nint seconds, nint nanoseconds)
    {
        public readonly nint Seconds = seconds;
        public readonly nint Nanoseconds = nanoseconds;
    }
}
