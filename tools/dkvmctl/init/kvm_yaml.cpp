#include "tools/dkvmctl/init/kvm_yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace dkvm::ctl {
namespace {

constexpr std::size_t kHotkeysMax = 9;  // digits; the first is home's

// Beyond these sides of the desk the peers' screens lie.
constexpr std::string_view kSides[] = {"right", "left", "top", "bottom"};

// Devices of X11 are not started where there is no display: their kernel runs all the same.
std::string if_display(const Machine& machine) {
  return machine.display ? "" : "    enabled: false            # until there is a display\n";
}

std::string head(const Machine& machine, std::string_view what) {
  return fmt::format(
      "# The kernel of {0}: {1}.\n"
      "# Made by `dkvmctl init`; change it as you like.\n"
      "#\n"
      "#   dkvm-kernel --config kvm.yaml --check    is it right?\n"
      "#   dkvm-kernel --config kvm.yaml            run it\n"
      "#   dkvmctl doctor --config kvm.yaml         what does this machine lack for it?\n"
      "#   dkvmctl reload                           after changing this file\n"
      "#\n"
      "# docs/config.md explains every key, `dkvm-<type> --describe` those of a device's "
      "`config`.\n"
      "\n"
      "kernel:\n"
      "  name: {0}\n"
      "\n"
      "# Each device is a process of its own. The name in front is yours to choose.\n"
      "devices:\n",
      machine.name, what);
}

std::string display_comment(const Machine& machine) {
  if (!machine.display)
    return fmt::format("  # No display opened when this was made: {}.\n", machine.no_display);
  std::string text = fmt::format("  # Of display {}, which DISPLAY names", machine.display->name);
  for (const Monitor& monitor : machine.display->monitors)
    text += fmt::format("\n  #   {} is {}x{} at {},{}", monitor.name, monitor.width, monitor.height,
                        monitor.x, monitor.y);
  return text + "\n";
}

std::string network_comment(const Machine& machine, std::string_view here, std::string_view there) {
  const std::string identity =
      machine.identity.empty()
          ? fmt::format(
                "  #   dkvmctl identity make --name {}          this machine has none yet\n",
                machine.name)
          : fmt::format("  # This machine is {} to its peers.\n", machine.identity);
  const std::string peers =
      machine.peers.empty() ? fmt::format(
                                  "  #   dkvmctl pair {}           here; nobody is trusted yet\n"
                                  "  #   dkvmctl pair {}           on the other machine\n",
                                  here, there)
                            : fmt::format("  # Trusted: {}. `dkvmctl pair` adds another.\n",
                                          fmt::join(machine.peers, ", "));
  return "\n  # The link. Who is not trusted gets nothing.\n" + identity + peers;
}

std::string control(bool links) {
  return fmt::format(
      "\n"
      "  # Lets dkvmctl in, over a socket that is yours alone. These are all that it may do.\n"
      "  control:\n"
      "    type: control\n"
      "    grants:\n"
      "      - {{target: kernel, methods: [\"devices.*\", \"pipelines.*\", \"log.*\", "
      "memory.stats, "
      "\"kernel.*\"]}}\n"
      "{}",
      links ? "      - {target: network, methods: [links.list]}\n" : "");
}

std::string sound_comment(const Machine& machine) {
  if (machine.sound.empty()) return {};
  return fmt::format("\n  # Sound: {} plays it here. There are no devices for it yet.\n",
                     machine.sound);
}

std::string desk(const Machine& machine, const std::vector<std::string>& peers) {
  std::string text = head(machine, "a desk, where keyboard and mouse are");
  text += display_comment(machine) + "  input:\n    type: x11-input-source\n" + if_display(machine);
  for (const std::string& peer : peers)
    text += fmt::format(
        "\n"
        "  # The screen of {0}, in a window here.\n"
        "  picture-{0}: {{type: video-decoder}}\n"
        "  screen-{0}:\n"
        "    type: x11-display-sink\n"
        "    config: {{title: {0}}}\n"
        "{1}",
        peer, if_display(machine));
  text += sound_comment(machine);
  text += network_comment(machine, "--listen        ", "--connect HOST");
  text += "  network:\n    type: tcp-server          # listens at port 24860\n";
  text += control(true);
  text += "\n# Which events go where.\npipelines:\n";
  for (const std::string& peer : peers)
    text += fmt::format(
        "  - {{name: packets-{0}, from: link/{0}/picture, to: picture-{0}}}\n"
        "  - {{name: picture-{0}, from: picture-{0}, to: screen-{0}}}\n"
        "  - {{name: cursor-{0}, from: link/{0}/cursor, to: screen-{0}}}\n",
        peer);
  text +=
      "\n# Who has the input. Both Ctrl, both Shift and Esc bring it back whatever happens.\n"
      "switches:\n"
      "  - name: desk\n"
      "    sources: [input]\n"
      "    home: local\n"
      "    targets:\n"
      "      local: none             # this desktop itself\n";
  for (const std::string& peer : peers) text += fmt::format("      {0}: link/{0}\n", peer);
  text += "    hotkeys:\n      local: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_1]\n";
  for (std::size_t i = 0; i < std::min(peers.size(), kHotkeysMax - 1); ++i)
    text += fmt::format("      {}: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_{}]\n", peers[i], i + 2);
  text += "      lock: [KEY_LEFTCTRL, KEY_LEFTALT, KEY_L]\n";
  std::string layout;
  for (std::size_t i = 0; i < std::min(peers.size(), std::size(kSides)); ++i)
    layout += fmt::format("{}{}: {}", i == 0 ? "" : ", ", kSides[i], peers[i]);
  return text + fmt::format(
                    "    # Push the pointer over a border, and you are there.\n"
                    "    edges:\n      layout: {{local: {{{}}}}}\n",
                    layout);
}

std::string laptop(const Machine& machine, const std::string& peer) {
  std::string text = head(machine, fmt::format("is worked on from {}", peer));
  text += display_comment(machine);
  text += "  input:                      # what is typed and moved at the desk\n";
  text += "    type: x11-input-sink\n" + if_display(machine);
  text += "  screen:\n    type: x11-display-source\n";
  if (machine.display && machine.display->monitors.size() > 1)
    text += fmt::format("    #config: {{monitor: {}}}  # that one alone, not the whole desktop\n",
                        machine.display->monitors.front().name);
  text += if_display(machine) + "  picture: {type: video-encoder}\n";
  text += sound_comment(machine);
  text += network_comment(machine, "--connect HOST", "--listen        ");
  text += fmt::format(
      "  network:\n"
      "    type: tcp-client\n"
      "    config:\n"
      "      connect: {0}.local      # its name or address\n"
      "      peer: {0}\n",
      peer);
  text += control(true);
  return text + fmt::format(
                    "\n# Which events go where. The desk's switch is called `desk`.\n"
                    "pipelines:\n"
                    "  - {{name: input, from: link/{0}/desk, to: input}}\n"
                    "  - {{name: screen, from: screen, events: [display_frame, display_mode], to: "
                    "picture}}\n"
                    "  - {{name: picture, from: picture, to: link/{0}/picture}}\n"
                    "  - {{name: cursor, from: screen, events: [cursor], to: link/{0}/cursor}}\n",
                    peer);
}

std::string lab(const Machine& machine) {
  return head(machine, "devices that need no hardware, to try things out") +
         "  screen:\n"
         "    type: dummy-display-source\n"
         "    config: {size: 1280x720, fps: 30, partial: 0.7}\n"
         "  seen:\n"
         "    type: dummy-display-sink\n"
         "    config: {check: pattern}  # counts pictures that are lost, late or torn\n"
         "  sound:\n"
         "    type: dummy-audio-source\n"
         "    config: {frequencies: [440]}\n"
         "  heard:\n"
         "    type: dummy-audio-sink\n"
         "    config: {file: heard.wav}\n" +
         control(false) +
         "\n# Which events go where.\n"
         "pipelines:\n"
         "  - {name: showing, from: screen, to: seen}\n"
         "  - {name: playing, from: sound, to: heard}\n";
}

}  // namespace

std::string kvm_yaml(const Machine& machine, Role role) {
  switch (role) {
    case Role::desk:
      return desk(machine,
                  machine.peers.empty() ? std::vector<std::string>{"laptop"} : machine.peers);
    case Role::laptop:
      return laptop(machine, machine.peers.empty() ? "desk" : machine.peers.front());
    case Role::lab: return lab(machine);
  }
  return {};
}

}  // namespace dkvm::ctl
