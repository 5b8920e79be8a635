#include <dkvm/device_main.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

// Answers `who` with the caller, keeps every call of `keep` unanswered, and says by `kept`
// how many it has, and how many of them were cancelled. By `flood` it makes 70 calls of `keep`
// beyond a link and says how each was answered.
namespace {

using namespace dkvm;

class CallPanel final : public Device {
 public:
  CallPanel() : Device("call-panel", "Is called") {}

  Result<> start(Context& context) override {
    context.serve("who", [](const Call& call, Reply reply) {
      reply(R"({"caller":")" + call.caller + R"("})");
    });
    context.serve("keep", [this](const Call&, Reply reply) {
      reply.on_cancel([this] { ++cancelled_; });
      kept_.push_back(std::move(reply));
    });
    context.serve("kept", [this](const Call&, Reply reply) {
      reply(nlohmann::json{{"kept", kept_.size()}, {"cancelled", cancelled_}}.dump());
    });
    context.serve("flood", [this, &context](const Call&, Reply reply) {
      flood(context, std::make_shared<Reply>(std::move(reply)));
    });
    return {};
  }

 private:
  void flood(Context& context, const std::shared_ptr<Reply>& reply) {
    answers_.clear();
    const auto note = [this, reply](const Answer& answer) {
      answers_.push_back(answer ? "kept" : answer.error().message());
      if (answers_.size() == kFlood) (*reply)(nlohmann::json{{"answers", answers_}}.dump());
    };
    for (std::size_t i = 0; i < kFlood; ++i)
      if (auto made = context.call("link/laptop:panel", "keep", "{}", note,
                                   std::chrono::milliseconds(1000));
          !made)
        note(fail(made.error()));
  }

  static constexpr std::size_t kFlood = 70;

  std::vector<std::string> answers_;
  std::vector<Reply> kept_;
  std::size_t cancelled_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return dkvm::device_main<CallPanel>(argc, argv); }
