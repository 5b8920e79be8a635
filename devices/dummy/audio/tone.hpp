#pragma once

#include "devices/dummy/audio/sine.hpp"
#include "devices/media/codecs.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace dkvm::dummy {

// Where a dummy source's samples come from: a sine, or a file.
class Tone {
 public:
  virtual ~Tone() = default;

  // Fills `out` with the samples from `index` on, each index once and in order;
  // fewer only at the end.
  // Shape: out holds whole samples of all channels
  virtual Result<std::size_t> fill(std::uint64_t index, std::span<std::byte> out) = 0;
};

class SineTone final : public Tone {
 public:
  SineTone(Sine sine, SampleFormat format) : sine_(std::move(sine)), format_(format) {}

  Result<std::size_t> fill(std::uint64_t index, std::span<std::byte> out) override {
    sine_.fill(index, format_, out);
    return out.size();
  }

 private:
  Sine sine_;
  SampleFormat format_;
};

// Plays a file once, or over and over without a pause between.
class FileTone final : public Tone {
 public:
  FileTone(std::unique_ptr<media::SoundReader> reader, bool loop)
      : reader_(std::move(reader)), loop_(loop) {}

  Result<std::size_t> fill(std::uint64_t, std::span<std::byte> out) override {
    std::size_t filled = 0;
    for (bool rewound = false; filled < out.size();) {
      DKVM_TRY(const std::size_t got, reader_->read(out.subspan(filled)));
      filled += got;
      if (got != 0) rewound = false;
      if (filled == out.size() || !loop_) break;
      if (rewound)
        return fail(Errc::invalid, "the file has no sound, expected some to play in a loop");
      DKVM_CHECK(reader_->rewind());
      rewound = true;
    }
    return filled;
  }

 private:
  std::unique_ptr<media::SoundReader> reader_;
  bool loop_;
};

}  // namespace dkvm::dummy
