#pragma once

#include "devices/dummy/display/pattern.hpp"
#include "devices/dummy/display/sequence_check.hpp"
#include "devices/media/codecs.hpp"
#include "devices/media/complaints.hpp"

#include <dkvm/picture.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dkvm::dummy {

// What a dummy display sink does with the pictures that come: composes them,
// looks whether they are right, and writes them into a file.
class Viewer {
 public:
  struct Options {
    std::string file{};         // where the pictures go; empty: nowhere
    bool check = false;         // they are the test pattern
    std::uint64_t late_ns = 0;  // age of a late one
    bool loses = false;         // it is slow: losses are told once, and their sum at the end
    media::Begin begin = media::Begin::anew;
  };

  struct Counts {
    std::uint64_t pictures = 0;  // that were composed, whole ones and partial ones
    std::uint64_t whole = 0;
    std::uint64_t partial = 0;
    std::uint64_t torn = 0;     // pixels that are not those of one test picture
    std::uint64_t broken = 0;   // frames that lie about their buffer
    std::uint64_t orphans = 0;  // partial ones without a whole one before
  };

  explicit Viewer(Options options) : options_(std::move(options)), sequence_(options_.late_ns) {}

  // Pictures/s of a video: as the display's mode says, until the first picture.
  void set_rate(double rate) { rate_ = rate; }

  // Takes one picture; false when it cannot be composed and a whole one must be
  // asked for. What is wrong with a picture is counted and logged, not returned.
  // Errors: those of the file.
  Result<bool> take(const DisplayFrame& frame, Bytes buffer, std::uint64_t capture_ns,
                    std::uint64_t now_ns);

  // Ends the file; writes the last picture into one of its own, where a path is
  // given and a picture has come.
  Result<> finish(const std::string& final_path);

  const Counts& counts() const { return counts_; }
  const SequenceCheck& sequence() const { return sequence_; }
  const media::Canvas& last() const { return canvas_; }

 private:
  bool compose(const DisplayFrame& frame, Bytes buffer);
  void look(const Rect& area, std::uint64_t now_ns);
  void tell_lost(std::uint64_t lost, std::uint64_t number);
  Result<> write(std::uint64_t capture_ns);

  Options options_;
  media::Canvas canvas_;
  Rect area_{};  // what came last
  PatternCheck pattern_;
  SequenceCheck sequence_;
  Counts counts_;
  double rate_ = 60;
  std::unique_ptr<media::PictureWriter> writer_;
  std::optional<std::uint64_t> first_ns_;  // capture of the first picture in the file
  media::Complaints complaints_;
  bool told_lost_ = false;
};

}  // namespace dkvm::dummy
