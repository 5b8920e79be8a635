#include "tests/e2e/x11/x_desks.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>

namespace dkvm::test {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t kProbeKey = 44;  // KEY_Z: with Ctrl and Alt an F key is the server's
constexpr std::uint16_t kLeftButton = 0x110;

// Modifiers, letters and the left button: what hurts when it stays down.
constexpr std::array<std::uint16_t, 7> kCodes = {29, 42, 56, 30, 31, 32, kLeftButton};

}  // namespace

std::string near_devices(const std::string& display) {
  return fmt::format(
      "  input: {{type: x11-input-source, config: {{display: \"{}\", capture_xtest: true}}}}\n",
      display);
}

std::string near_switches() {
  return "switches:\n"
         "  - name: desk\n"
         "    sources: [input]\n"
         "    home: local\n"
         "    targets: {local: none, laptop: link/laptop}\n"
         "    hotkeys: {local: [KEY_F11], laptop: [KEY_F12]}\n"
         "    edges: {layout: {local: {right: laptop}}}\n";
}

std::string far_devices(const std::string& display) {
  return fmt::format("  input: {{type: x11-input-sink, config: {{display: \"{}\"}}}}\n", display);
}

std::string far_pipelines() { return "  - {name: input, from: link/desk/desk, to: input}\n"; }

void XDesks::start(const std::string& near_more) {
  desks.start("desk", near_devices(near.screen.display()), near_switches() + near_more);
  desks.start("laptop", far_devices(far.screen.display()), far_pipelines());
  desks.wait_link("desk", "laptop");
  desks.wait_stream("desk", "laptop", "desk");
}

void XDesks::wait_all() {
  for (const char* name : {"desk", "laptop"}) desks[name].wait_state("input", "running");
  desks.wait_link("desk", "laptop");
}

std::string Seats::input_is_at(Desk& kernel) {
  const Finished done = kernel.try_ctl("switch --json");
  if (done.status != 0) return "";
  const Json switches = Json::parse(done.output).at("switches");
  return switches.empty() ? "" : switches[0].at("target").get<std::string>();
}

std::string Seats::where_a_key_goes() {
  auto far_eye = xlab::InputEye::at(far.screen.display());  // none while that server is gone
  auto near_window = must(xlab::KeyWindow::on(near.screen.display()));
  std::string where;
  near.hand.key(kProbeKey, true);
  const bool came = eventually(Seconds(0.3), [&] {
    const auto at_home = near_window.next(milliseconds(1));
    if (at_home && at_home->code == kProbeKey) where = "near";
    const auto over = far_eye ? far_eye->next(milliseconds(1)) : std::nullopt;
    if (over && over->is_key() && over->code == kProbeKey) where = "far";
    return !where.empty();
  });
  near.hand.key(kProbeKey, false);
  // Its up is there, too.
  const auto is_up = [](Seat& seat) {
    const auto held = seat.hand.held();
    return std::find(held.begin(), held.end(), kProbeKey) == held.end();
  };
  eventually(Seconds(0.3), [&] { return is_up(near) && is_up(far); });
  return came ? where : "";
}

bool Seats::types_at_home() {
  auto window = must(xlab::KeyWindow::on(near.screen.display()));
  near.hand.key(kProbeKey, true);
  const bool came = eventually(Seconds(0.1), [&] {
    const auto seen = window.next(milliseconds(1));
    return seen && seen->code == kProbeKey;
  });
  near.hand.key(kProbeKey, false);
  return came;
}

void Seats::go_over() {
  const bool over = eventually(kPatience, [&] {
    near.hand.key(kOverKey, true);
    near.hand.key(kOverKey, false);
    return where_a_key_goes() == "far";
  });
  INFO(logs_());
  REQUIRE(over);
}

void Seats::go_home() {
  const bool home = eventually(kPatience, [&] {
    near.hand.key(kHomeKey, true);
    near.hand.key(kHomeKey, false);
    return where_a_key_goes() == "near";
  });
  INFO(logs_());
  REQUIRE(home);
}

void Fingers::set(std::uint16_t code, bool down) {
  if (code == kLeftButton)
    hand_.button(1, down);
  else
    hand_.key(code, down);
  if (down)
    down_.insert(code);
  else
    down_.erase(code);
}

void Fingers::move() {
  const std::uint16_t code = kCodes[random_() % kCodes.size()];
  set(code, !down_.contains(code));
}

void Fingers::let_go() {
  for (const std::uint16_t code : std::set<std::uint16_t>(down_)) set(code, false);
}

}  // namespace dkvm::test
