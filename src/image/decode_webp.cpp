// WebP through libwebp. The RIFF container is walked by its demultiplexer, which wants every chunk whole.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "image/raster.h"

namespace obscura::image {
namespace {

struct Deleter {
  void operator()(WebPDemuxer* demuxer) const { ::WebPDemuxDelete(demuxer); }
};

/// The first chunk of a kind, empty if there is none.
std::span<const std::uint8_t> chunk_of(const WebPDemuxer* demuxer, const char* kind) {
  WebPChunkIterator at{};
  std::span<const std::uint8_t> out;
  if (::WebPDemuxGetChunk(demuxer, kind, 1, &at) != 0) out = {at.chunk.bytes, at.chunk.size};
  ::WebPDemuxReleaseChunkIterator(&at);
  return out;
}

struct IncrementalDeleter {
  void operator()(WebPIDecoder* decoder) const { ::WebPIDelete(decoder); }
};

/// Unpacks a frame into rows of `row` bytes. It is given first without its last bytes, and must want them: where data
/// are lost or zeroed in the middle, the decoder makes pixels of what follows at another rate and does not come out
/// even at the end. The format has no checksum.
void unpack(const ByteView& file, std::span<const std::uint8_t> frame, std::span<std::uint8_t> to, std::size_t row,
            WEBP_CSP_MODE colours) {
  constexpr std::size_t kLast = 12;
  const std::unique_ptr<WebPIDecoder, IncrementalDeleter> decoder(
      ::WebPINewRGB(colours, to.data(), to.size(), static_cast<int>(row)));
  if (decoder == nullptr) throw Error("no memory to read a WebP image");
  if (frame.size() <= kLast) file.ends_early();
  VP8StatusCode status = ::WebPIUpdate(decoder.get(), frame.data(), frame.size() - kLast);
  if (status == VP8_STATUS_OK) file.damaged("its data do not end where its picture does");
  if (status == VP8_STATUS_SUSPENDED) status = ::WebPIUpdate(decoder.get(), frame.data(), frame.size());
  if (status != VP8_STATUS_OK) file.damaged("its data end early or are wrong");
}

/// A frame of an animation may be smaller than the picture: the rest of it is clear.
Raster decode_frame(const ByteView& file, const WebPIterator& frame, std::size_t height, std::size_t width,
                    bool opacity) {
  WebPBitstreamFeatures features{};
  const bool known = ::WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features) == VP8_STATUS_OK;
  if (!known || features.width != frame.width || features.height != frame.height) file.damaged("its frame is wrong");
  constexpr int kLossless = 2;
  constexpr std::size_t kZeroRun = 64;  // the same symbol hundreds of times: the format has repetitions for that
  if (features.format == kLossless && longest_zero_run({frame.fragment.bytes, frame.fragment.size}) >= kZeroRun) {
    file.damaged("zeros stand where its data should be");
  }
  const auto left = static_cast<std::size_t>(frame.x_offset), top = static_cast<std::size_t>(frame.y_offset);
  if (left + static_cast<std::size_t>(frame.width) > width || top + static_cast<std::size_t>(frame.height) > height) {
    file.damaged("its frame is larger than the picture");
  }
  const bool whole = features.width == static_cast<int>(width) && features.height == static_cast<int>(height);
  const bool with_opacity = opacity || features.has_alpha != 0 || !whole;
  Raster out = make_raster(file, with_opacity ? 4 : 3, height, width);
  const std::size_t row = out.channels * width;
  unpack(file, {frame.fragment.bytes, frame.fragment.size},
         std::span(out.samples).subspan(top * row + left * out.channels), row, with_opacity ? MODE_RGBA : MODE_RGB);
  return out;
}

}  // namespace

Raster decode_webp(const ByteView& file) {
  if (std::uint64_t{file.little(4, 4)} + 8 > file.size()) file.ends_early();
  const WebPData data{file.all().data(), file.size()};
  const std::unique_ptr<WebPDemuxer, Deleter> demuxer(::WebPDemux(&data));
  if (demuxer == nullptr) file.damaged("its chunks are wrong or end early");
  const std::size_t width = ::WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::size_t height = ::WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  const std::uint32_t flags = ::WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS);
  require_size(file, height, width);
  WebPIterator frame{};
  if (::WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0 || frame.complete == 0) {
    ::WebPDemuxReleaseIterator(&frame);
    file.damaged("it holds no whole frame");
  }
  // The iterator owns nothing: what it shows are bytes of the file.
  Raster out = decode_frame(file, frame, height, width, (flags & ALPHA_FLAG) != 0);
  note_first_frame(out, static_cast<std::size_t>(frame.num_frames));
  ::WebPDemuxReleaseIterator(&frame);
  if ((flags & EXIF_FLAG) != 0) out.orientation = exif_orientation(chunk_of(demuxer.get(), "EXIF"));
  if ((flags & ICCP_FLAG) != 0) note_profile(out, chunk_of(demuxer.get(), "ICCP"));
  return out;
}

}  // namespace obscura::image
