// Our own desk: two kernels, TLS between them, the devices of X11 and the codecs.

#include "tools/bench/desk/contender.hpp"

#include <fmt/format.h>

namespace dkvm::bench {
namespace {

KernelPlan near_plan(const std::string& display, const std::string& link) {
  KernelPlan plan;
  plan.kernel = "desk";
  plan.other_devices = {
      fmt::format("input: {{type: x11-input-source, config: {{display: \"{}\", capture_xtest: "
                  "true}}}}",
                  display),
      fmt::format("screen: {{type: x11-display-sink, config: {{display: \"{}\", fullscreen: "
                  "true}}}}",
                  display),
      "decoder: {type: video-decoder}", link};
  plan.pipelines = {"{name: packets, from: link/laptop/packets, to: decoder}",
                    "{name: picture, from: decoder, to: screen}",
                    "{name: cursor, from: link/laptop/cursor, to: screen}"};
  plan.switches = {
      "{name: desk, sources: [input], home: local, targets: {local: none, laptop: "
      "link/laptop}, hotkeys: {laptop: [KEY_F12]}}"};
  return plan;
}

KernelPlan far_plan(const std::string& display, const std::string& link) {
  KernelPlan plan;
  plan.kernel = "laptop";
  plan.other_devices = {
      fmt::format("input: {{type: x11-input-sink, config: {{display: \"{}\"}}}}", display),
      fmt::format("screen: {{type: x11-display-source, config: {{display: \"{}\"}}}}", display),
      "encoder: {type: video-encoder}", link};
  plan.pipelines = {"{name: desk, from: link/desk/desk, to: input}",
                    "{name: picture, from: screen, events: [display_frame, display_mode], to: "
                    "encoder}",
                    "{name: packets, from: encoder, to: link/desk/packets}",
                    "{name: cursor, from: screen, events: [cursor], to: link/desk/cursor}"};
  return plan;
}

}  // namespace

Result<Contender> start_dkvm(LinkBench& bench, const std::string& name) {
  for (const char* program : {"dkvm-tcp-server", "dkvm-tcp-client", "dkvm-x11-input-source",
                              "dkvm-x11-input-sink", "dkvm-x11-display-source",
                              "dkvm-x11-display-sink", "dkvm-video-encoder", "dkvm-video-decoder"})
    DKVM_CHECK(require_program(program));
  Contender desk;
  desk.name = "dkvm";
  DKVM_TRY(desk.near, XScreen::start(bench.folder, name + "-near"));
  DKVM_TRY(desk.far, XScreen::start(bench.folder, name + "-far"));
  DKVM_TRY(const LinkEnds ends, make_link_ends(bench, name, "127.0.0.1", ""));
  DKVM_TRY(KernelRun near, KernelRun::start(bench.folder, bench.conductor, name + "-near-kernel",
                                            near_plan(desk.near->display(), ends.server)));
  desk.kernels.push_back(std::move(near));
  desk.start_far = [&bench, name, plan = far_plan(desk.far->display(), ends.client)] {
    return KernelRun::start(bench.folder, bench.conductor, name + "-far-kernel", plan);
  };
  DKVM_TRY(KernelRun far, desk.start_far());
  desk.kernels.push_back(std::move(far));
  return desk;
}

}  // namespace dkvm::bench
