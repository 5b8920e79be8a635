#pragma once

#include "tests/e2e/linked_desks.hpp"
#include "tests/e2e/reload/tally.hpp"
#include "tests/e2e/sink_file.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dkvm::test {

// What of the desk's file the tests change.
struct DeskFile {
  std::string devices;    // more of them
  std::string pipelines;  // more of them
  std::string typing;     // more keys of the pipeline of the held key
  std::string numbers = ", queue: {depth: 4096, max_age: 30s}";  // and of that of the numbers
  bool pictures = true;                                          // whether they have a pipeline
  std::string laptop = "link/laptop/desk";                       // where the switch's target is
  std::string hotkey = "KEY_2";                                  // which leads there
  std::string kernel;                                            // more keys of `kernel`
};

// Two kernels over a TLS link at full work: pictures and sound go from the desk to sinks
// here and there, numbers that nobody may lose go over; KEY_LEFTCTRL is held all the time
// by a keyboard, and KEY_B by an input whose switch is at the laptop.
class Session {
 public:
  Session();

  // What the kernel answered.
  Json reload(const DeskFile& file);
  Json reload_laptop(const std::string& devices, const std::string& pipelines);

  // No process is another, no link was down, both keys are held, no count has begun
  // anew, and everything flows on.
  void check_undisturbed();
  // At the end: every number has come, once, and all shared memory was given back.
  void check_complete();

  // Waits until there are more pictures at both walls than now.
  bool pictures_flow();
  // What the seat at the laptop has seen of the switch's input.
  bool seat_saw(const std::string& line);
  std::string target();
  std::string logs() { return desk.log().append("\n").append(laptop.log()); }

  LinkedDesks desks;
  Desk& desk = desks["desk"];
  Desk& laptop = desks["laptop"];
  Source keyboard{desk, "keyboard"};
  Source input{desk, "input"};
  SinkFile typed{laptop.path("typed.jsonl")};

 private:
  using Counts = std::map<std::string, std::uint64_t>;

  std::string desk_yaml(const DeskFile& file) const;
  std::string laptop_yaml(const std::string& devices, const std::string& pipelines) const;
  std::map<std::string, pid_t> pids() const;
  // Events that the edges of the session's own pipelines have delivered.
  Counts delivered() const;
  void check_links();

  std::string desk_link_ = desks.listening("desk");
  std::string laptop_link_ = desks.dialling("laptop", "desk", "network");
  std::map<std::string, pid_t> pids_;
  std::map<std::string, double> link_ages_;
  Counts counts_;
};

}  // namespace dkvm::test
