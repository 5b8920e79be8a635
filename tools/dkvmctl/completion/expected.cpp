#include "tools/dkvmctl/completion/expected.hpp"

#include <algorithm>

namespace dkvm::ctl {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// Own options first, then those of the commands around it.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> all;
  const auto add = [&](const CLI::App& of) {
    for (const CLI::Option* option :
         of.get_options([](const CLI::Option* each) { return each->nonpositional(); }))
      all.push_back(option);
  };
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    add(*at);
    // Options that exclude each other are in a command without a name.
    for (const CLI::App* group :
         at->get_subcommands([](const CLI::App* each) { return each->get_name().empty(); }))
      add(*group);
  }
  return all;
}

const CLI::Option* option_named(const CLI::App& app, std::string_view name) {
  for (const CLI::Option* option : options_of(app))
    if (option->check_name(std::string(name))) return option;
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// `TEXT:{start,stop}`: a choice of words, else a type that has a name.
void expect_value(const CLI::Option& option, Expected& expected) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{');
  if (begin == std::string::npos) {
    expected.values = type.substr(0, type.find(':'));
    return;
  }
  const std::string choices = type.substr(begin + 1, type.find('}', begin) - begin - 1);
  for (std::size_t at = 0; at <= choices.size();) {
    const std::size_t end = std::min(choices.find(',', at), choices.size());
    expected.words.push_back({choices.substr(at, end - at), {}});
    at = end + 1;
  }
}

void expect_options(const CLI::App& app, Expected& expected) {
  for (const CLI::Option* option : options_of(app))
    for (const std::string& name : option->get_lnames()) {
      std::string word = "--";
      word += name;
      const bool known = std::ranges::any_of(
          expected.words, [&](const Candidate& each) { return each.word == word; });
      if (!known) expected.words.push_back({word, first_line(option->get_description())});
    }
}

// How far a line has come.
struct Place {
  const CLI::App* app;
  std::size_t positionals = 0;           // that this command has got
  const CLI::Option* waiting = nullptr;  // for its value
  bool only_values = false;              // behind `--`
};

const CLI::App* command_named(const CLI::App& app, const std::string& word) {
  const auto found =
      app.get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
  return found.empty() ? nullptr : found.front();
}

void step(Place& place, const std::string& word) {
  if (word == "=" && place.waiting != nullptr) return;  // bash splits `--socket=PATH` at it
  if (place.waiting != nullptr) {
    place.waiting = nullptr;
  } else if (!place.only_values && word == "--") {
    place.only_values = true;
  } else if (!place.only_values && word.size() > 1 && word.front() == '-') {
    const std::size_t equals = word.find('=');
    const CLI::Option* option = option_named(*place.app, word.substr(0, equals));
    if (option != nullptr && takes_value(*option) && equals == std::string::npos)
      place.waiting = option;
  } else if (const CLI::App* command = command_named(*place.app, word)) {
    place.app = command;
    place.positionals = 0;
  } else {
    ++place.positionals;
  }
}

void expect_words(const Place& place, Expected& expected) {
  const auto commands =
      place.app->get_subcommands([](const CLI::App* each) { return !each->get_name().empty(); });
  for (const CLI::App* command : commands)
    expected.words.push_back({command->get_name(), first_line(command->get_description())});
  std::size_t before = 0;
  for (const CLI::Option* option :
       place.app->get_options([](const CLI::Option* each) { return each->get_positional(); })) {
    before += static_cast<std::size_t>(std::max(option->get_items_expected_max(), 1));
    if (place.positionals < before) return expect_value(*option, expected);
  }
}

}  // namespace

Expected expected_at(const CLI::App& app, std::span<const std::string> before,
                     std::string_view current) {
  Place place{&app};
  for (const std::string& word : before) step(place, word);
  Expected expected;
  if (place.waiting != nullptr) {
    expect_value(*place.waiting, expected);
  } else if (place.only_values || !current.starts_with('-')) {
    expect_words(place, expected);
  } else if (const std::size_t equals = current.find('='); equals != std::string_view::npos) {
    const CLI::Option* option = option_named(*place.app, current.substr(0, equals));
    expected.prefix = current.substr(0, equals + 1);
    if (option != nullptr && takes_value(*option)) expect_value(*option, expected);
  } else {
    expect_options(*place.app, expected);
  }
  return expected;
}

}  // namespace dkvm::ctl
