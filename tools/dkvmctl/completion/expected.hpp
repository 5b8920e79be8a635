#pragma once

#include <CLI/CLI.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dkvm::ctl {

struct Candidate {
  std::string word;
  std::string help;  // a line; may be empty
};

// What may stand at the end of a command line, as far as the commands themselves tell.
struct Expected {
  std::vector<Candidate> words;
  std::string values;  // the type of a value that is known elsewhere: DEVICE, FILE, …
  std::string prefix;  // stands before each value: `--socket=`
};

// before: the words behind the program's name, without the last one, which is `current`.
// Lines that are wrong further in front expect whatever is left of them.
Expected expected_at(const CLI::App& app, std::span<const std::string> before,
                     std::string_view current);

}  // namespace dkvm::ctl
