#include "tools/dkvmctl/completion/scripts.hpp"
#include "tools/dkvmctl/ctl.hpp"

#include <memory>

namespace dkvm::ctl {

void add_completion(CLI::App& app, LocalCommand& chosen) {
  auto* command = app.add_subcommand("completion", "What makes a shell complete these commands")
                      ->group(kGroupMake);
  const auto shell = std::make_shared<std::string>();  // lives as long as the parser's callback
  command->add_option("SHELL", *shell, "`source <(dkvmctl completion bash)` tries it out")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&chosen, shell] {
    chosen = [shell](Screen& screen) -> Called<> {
      const std::string_view script = completion_script(*shell);
      if (screen.json())
        screen.document({{"shell", *shell}, {"script", script}});
      else
        screen.print(script);
      return {};
    };
  });
}

}  // namespace dkvm::ctl
