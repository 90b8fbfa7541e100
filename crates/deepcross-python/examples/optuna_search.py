"""A search for sizes and rates with Optuna, which ends trials early that fall behind.

python optuna_search.py [NUMBER OF TRIALS]
"""

import sys

import deepcross
import optuna

n_trials = int(sys.argv[1]) if len(sys.argv) > 1 else 8
train, _ = deepcross.simulate(10_000, seed=1)
valid, _ = deepcross.simulate(5_000, seed=2)
# The fields are inferred once, so that all trials read the rows alike.
run = deepcross.infer_config(train, "click").text


def log_loss(trial: optuna.Trial) -> float:
    """Train a model with the parameters of a trial, and return its validation loss."""
    width = trial.suggest_categorical("width", [16, 32, 64])
    model = deepcross.DeepCrossingClassifier(
        fields=run,
        hidden=[width, width],
        embedding=trial.suggest_int("embedding", 2, 16),
        learning_rate=trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        epochs=4,
        settings={"train.embedding_l2": trial.suggest_float("embedding_l2", 1e-5, 1e-2, log=True)},
    )

    def report(epoch: deepcross.Epoch) -> None:
        assert epoch.valid is not None
        trial.report(epoch.valid["log_loss"], epoch.epoch)
        # The exception ends the training, and Optuna knows it.
        if trial.should_prune():
            raise optuna.TrialPruned

    model.fit(train, eval_set=valid, callbacks=[report])
    return model.training_["valid_log_loss"]


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    sampler=optuna.samplers.TPESampler(seed=1), pruner=optuna.pruners.MedianPruner(n_startup_trials=2)
)
study.optimize(log_loss, n_trials)
pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
print(f"{n_trials} trials, {pruned} ended early; the best has log loss {study.best_value:.4f} with {study.best_params}")
