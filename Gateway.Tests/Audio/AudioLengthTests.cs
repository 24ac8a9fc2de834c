using System.Diagnostics;
using Gateway.Transforms.Audio;
using NUnit.Framework;
using static Gateway.Tests.Audio.SoundFiles;

namespace Gateway.Tests.Audio;

internal sealed class AudioLengthTests
{
    private static IEnumerable<TestCaseData> Files()
    {
        yield return File("wav", Wav(16_000, 1, 16, 32_000), 1_000);
        yield return File("wav_with_an_odd_chunk_and_24_bits", Wav(48_000, 2, 24, 288_000), 1_000);
        yield return File("wav_of_a_pipe_with_size_0", Wav(16_000, 1, 16, 48_000, declared: 0), 1_500);
        yield return File("wav_of_a_pipe_with_size_unknown", Wav(16_000, 1, 16, 48_000, Unknown), 1_500);
        yield return File("wav_that_says_more_than_it_has", Wav(16_000, 1, 16, 48_000, 1_000_000), 1_500);
        yield return File("wav_with_more_behind_its_data", Wav(16_000, 1, 16, 48_000, 32_000), 1_000);
        yield return File("wav_with_a_second_data_chunk", [.. Wav(16_000, 1, 16, 2), .. Wav(16_000, 1, 16, 32_000)[48..]], 1_001);
        yield return File("wav_whose_byte_rate_is_wrong", Wav(16_000, 1, 16, 32_000, bytesPerSecond: 1_000_000_000), 1_000);
        yield return File("wav_of_packed_samples", Wav(8_000, 1, 4, 8_110, format: 0x11, bytesPerSecond: 4_055), 2_000);
        yield return File("rf64", Wav(16_000, 1, 16, 32_000, Unknown, "RF64"), 1_000);
        yield return File("mp3", Mp3(100), 2_613);
        yield return File("mp3_whose_index_is_no_sound", Mp3(101, "Xing"), 2_613);
        yield return File("mp3_with_vbri", Mp3(101, "VBRI"), 2_613);
        yield return File("mp3_behind_two_tags", [.. Id3(1_000), .. Id3(20), .. Mp3(100)], 2_613);
        yield return File("mp3_with_a_tag_at_its_end", [.. Mp3(100), .. Text("TAG"), .. new byte[125]], 2_613);
        yield return File("mp3_with_junk_between", [.. Mp3(50), .. Text("junk junk"), .. Mp3(50)], 2_613);
        yield return File("mp3_that_is_cut", Mp3(100)[..^100], 2_613);
        yield return File("flac", Flac(44_100, 2, 16, 441_000), 10_000);
        yield return File("flac_behind_a_tag", [.. Id3(300), .. Flac(44_100, 2, 16, 441_000)], 10_000);
        yield return File("flac_with_a_picture_larger_than_its_sound", Flac(16_000, 1, 16, 16_000, 1_000, 500_000), 1_000);
        yield return File("flac_that_says_less_than_its_bytes_need", Flac(16_000, 1, 16, 1, 320_000), 9_000);
        yield return File("opus", [.. OggPage(1, 0, OpusHead(312)), .. OggPage(1, 48_312, new byte[300]), .. OggPage(1, 96_312, new byte[255])], 2_000);
        yield return File("vorbis", [.. OggPage(1, 0, VorbisHead(44_100)), .. OggPage(1, 44_100, new byte[40])], 1_000);
        yield return File("ogg_flac", [.. OggPage(1, 0, OggFlacHead(22_050)), .. OggPage(1, 22_050, new byte[40])], 1_000);
        yield return File("opus_with_a_page_on_which_nothing_ends", [.. OggPage(1, 0, OpusHead(0)), .. OggPage(1, 48_000, new byte[9]), .. OggPage(1, -1, new byte[9])], 1_000);
        yield return File("opus_in_a_chain", [.. OggPage(1, 0, OpusHead(0)), .. OggPage(1, 48_000, new byte[9]), .. OggPage(2, 0, OpusHead(0)), .. OggPage(2, 24_000, new byte[9])], 1_500);
        yield return File("opus_with_lost_bytes", [.. OggPage(1, 0, OpusHead(0)), .. Text("lost"), .. OggPage(1, 48_000, new byte[9])], 1_000);
        yield return File("opus_that_says_less_than_its_bytes_need", [.. OggPage(1, 0, OpusHead(0)), .. OggPage(1, 48, new byte[64_000])], 1_000);
        yield return File("m4a", Mp4(0, 44_100, 441_000, [(431, 1_024)]), 10_008);
        yield return File("m4a_whose_track_says_too_little", Mp4(0, 44_100, 1, [(431, 1_024)]), 10_008);
        yield return File("m4a_whose_movie_is_longer", Mp4(12_345, 44_100, 441_000, []), 12_345);
        yield return File("m4a_without_any_duration_but_samples", Mp4(0, 48_000, Unknown, [(10, 480), (1, 48_000)]), 1_100);
        yield return File("m4a_in_fragments", [.. Mp4(0, 48_000, 0, [], Trex(2, 1_024)), .. Fragment(2, 40, null), .. Fragment(1, 9, null), .. Fragment(2, 2, [48_000, 47_040])], 2_834);
        yield return File("m4a_in_fragments_with_their_own_duration", [.. Mp4(0, 48_000, 0, [], Trex(2, 1)), .. Fragment(2, 48, null, usual: 1_000)], 1_000);
        yield return File("webm", WebM(5, 1_000), 1_000);
        yield return File("webm_of_a_browser", WebM(5, null, sizesAreKnown: false), 1_000);
        yield return File("webm_that_says_too_little", WebM(5, 1), 1_000);
        yield return File("webm_with_fewer_blocks_than_time", WebM(5, 4_000.2), 4_001);
        yield return File("webm_with_another_scale", WebM(5, null, scale: 2_000_000), 2_000);

        static TestCaseData File(string name, byte[] file, long milliseconds) => new TestCaseData(file, milliseconds).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Files))]
    public void A_file_says_how_long_it_is(byte[] file, long milliseconds) =>
        Assert.That(AudioLength.Of(file), Is.EqualTo(new AudioLength(milliseconds, Exact: true)));

    private static IEnumerable<TestCaseData> Damaged()
    {
        yield return File("nothing", []);
        yield return File("text", Text("Hello, this is no sound."));
        yield return File("wav_without_format", Wav(0, 1, 16, 32_000));
        yield return File("wav_without_data", Wav(16_000, 1, 16, 0)[..^8]);
        yield return File("flac_of_a_stream", Flac(44_100, 2, 16, 0, 5_000));
        yield return File("flac_that_is_cut", Flac(44_100, 2, 16, 441_000)[..30]);
        yield return File("ogg_of_nothing_known", OggPage(1, 48_000, Text("fishead")));
        yield return File("ogg_with_too_many_streams", [.. Enumerable.Range(0, 17).SelectMany(static i => OggPage((uint)i, 0, OpusHead(0)))]);
        yield return File("ogg_longer_than_a_week", [.. OggPage(1, 0, OpusHead(0)), .. OggPage(1, long.MaxValue, new byte[9])]);
        yield return File("m4a_without_sound", [.. Box("ftyp", Text("M4A ")), .. Box("moov", Box("trak"))]);
        yield return File("m4a_without_duration", Mp4(0, 48_000, 0, []));
        yield return File("m4a_longer_than_a_week", Mp4(0, 1, 604_801, []));
        yield return File("m4a_whose_samples_overflow", Mp4(0, 1, 0, [(Unknown, Unknown), (Unknown, Unknown)]));
        yield return File("webm_without_blocks", WebM(0, null));
        yield return File("webm_of_no_number", WebM(3, double.NaN));
        yield return File("webm_of_endless_time", WebM(3, double.PositiveInfinity));
        yield return File("webm_of_endless_scale", WebM(5, null, scale: ulong.MaxValue));
        yield return File("mp3_of_one_header", [0xFF, 0xFB, 0x90, 0x64, .. new byte[2_000]]);
        yield return File("mp3_with_more_junk_than_tags_need", [.. Mp3(100), .. new byte[70_000]]);
        yield return File("mp3_whose_every_frame_is_an_index", [.. Enumerable.Range(0, 9).SelectMany(static _ => Mp3(1, "Xing"))]);

        static TestCaseData File(string name, byte[] file) => new TestCaseData(file).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Damaged))]
    public void A_file_that_does_not_say_is_as_long_as_8_kilobits_a_second_make_it(byte[] file) =>
        Assert.That(AudioLength.Of(file), Is.EqualTo(new AudioLength(file.Length, Exact: false)));

    [Test]
    public void No_bytes_throw_or_have_no_length()
    {
        var random = new Random(11);
        var files = Files().Select(static file => (byte[])file.Arguments[0]!).ToArray(); // not null: every case has its file
        for (var i = 0; i < 20_000; i++)
        {
            var file = Damage(files[random.Next(files.Length)], random);

            var length = AudioLength.Of(file);

            Assert.That(length.Milliseconds, length.Exact ? Is.InRange(1, AudioLength.Longest) : Is.EqualTo(AudioLength.Most(file.Length)));
        }
    }

    private static IEnumerable<TestCaseData> Slow()
    {
        const int size = 25 * 1024 * 1024;
        yield return File("headers_of_mp3", Repeated([0xFF, 0xFB, 0x90, 0x64]));
        yield return File("all_ones", Repeated([0xFF]));
        yield return File("ogg_words", [.. OggPage(1, 0, OpusHead(0)), .. Repeated(Text("OggS"))]);
        yield return File("ogg_pages", [.. OggPage(1, 0, OpusHead(0)), .. Repeated(OggPage(7, 0, []))]);
        yield return File("empty_boxes", [.. Box("ftyp"), .. Box("moov", Repeated(Box("trak", Box("mdia"))))]);
        yield return File("fragments", [.. Mp4(0, 48_000, 0, []), .. Repeated(Box("moof", Box("traf", Box("tfhd", new byte[8]))))]);
        yield return File("clusters", [.. WebM(1, null, sizesAreKnown: false), .. Repeated([0x1F, 0x43, 0xB6, 0x75, 0xFF])]);
        yield return File("chunks", [.. Wav(16_000, 1, 16, 0)[..^8], .. Repeated([.. Text("LIST"), 0, 0, 0, 0])]);
        yield return File("tags", Repeated(Id3(0)));
        yield return File("metadata_of_flac", [.. Flac(44_100, 2, 16, 1), .. Repeated([1, 0, 0, 0])]);

        static byte[] Repeated(byte[] unit)
        {
            var file = new byte[size / unit.Length * unit.Length];
            for (var at = 0; at < file.Length; at += unit.Length)
                unit.CopyTo(file, at);
            return file;
        }

        static TestCaseData File(string name, byte[] file) => new TestCaseData(file).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Slow))]
    public void The_largest_upload_takes_a_moment_whatever_is_in_it(byte[] file)
    {
        var begun = Stopwatch.GetTimestamp();

        var length = AudioLength.Of(file);

        // Milliseconds where it is linear, minutes where it is not.
        Assert.That(Stopwatch.GetElapsedTime(begun), Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(length.Milliseconds, Is.Positive);
    }

    private static byte[] Damage(byte[] file, Random random)
    {
        var damaged = (byte[])file.Clone();
        var count = random.Next(1, 12);
        for (var i = 0; i < count && damaged.Length > 0; i++)
            damaged[random.Next(Math.Min(damaged.Length, 400))] = random.Next(3) == 0 ? (byte)0xFF : (byte)random.Next(256);
        return random.Next(3) == 0 ? damaged[..random.Next(damaged.Length + 1)] : damaged;
    }
}
