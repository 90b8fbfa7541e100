"""The package as it is documented: examples, the description of the native module, and names."""

from __future__ import annotations

import ast
import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
from pathlib import Path

import deepcross
import pytest
from conftest import make_rows, write_csv
from deepcross import _native

PAGE = Path(__file__).parents[3] / "docs" / "python.md"

MODULES = [
    "deepcross",
    *(f"deepcross.{module.name}" for module in pkgutil.iter_modules(deepcross.__path__) if module.name != "_native"),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_the_documentation_are_right(name):
    failed, _ = doctest.testmod(importlib.import_module(name), extraglobs={"deepcross": deepcross})
    assert failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    modules = [importlib.import_module(name) for name in MODULES]
    assert sum(len(test.examples) for module in modules for test in finder.find(module)) > 5


def test_the_first_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    write_csv(make_rows(600, 4), tmp_path / "train.csv")
    write_csv(make_rows(200, 5), tmp_path / "test.csv")
    monkeypatch.chdir(tmp_path)
    example = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(example, str(PAGE), "exec"), {})
    assert 0.0 < float(capsys.readouterr().out) < 1.0
    assert (tmp_path / "model.dcx").exists()


def test_the_other_examples_of_the_page_run(train_rows):
    blocks = [block.split("```")[0] for block in PAGE.read_text(encoding="utf-8").split("```python\n")[2:]]
    assert len(blocks) >= 3
    model = deepcross.DeepCrossingClassifier(epochs=1).fit(train_rows, "click")
    names: dict[str, object] = {"deepcross": deepcross}
    for block in blocks:
        names["model"] = model
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(names["probabilities"]) == 1 and 0.0 < names["probabilities"][0] < 1.0


def test_the_native_module_is_as_its_description_says():
    path = Path(deepcross.__file__).with_name("_native.pyi")
    described = ast.parse(path.read_text(encoding="utf-8")).body
    items = {item.name: item for item in described if isinstance(item, (ast.FunctionDef, ast.ClassDef))}
    assert set(items) == {name for name in dir(_native) if not name.startswith("_")}
    for name, item in items.items():
        found = getattr(_native, name)
        if isinstance(item, ast.FunctionDef):
            assert_same_parameters(item, found)
            continue
        methods = {method.name: method for method in item.body if isinstance(method, ast.FunctionDef)}
        assert set(methods) == {name for name in dir(found) if not name.startswith("_")}
        for method in methods.values():
            assert_same_parameters(method, getattr(found, method.name))


def assert_same_parameters(described: ast.FunctionDef, found: object) -> None:
    names = [argument.arg for argument in (*described.args.args, *described.args.kwonlyargs)]
    signature = inspect.signature(found)
    assert list(signature.parameters) == names, described.name
    only_named = [name for name, one in signature.parameters.items() if one.kind is inspect.Parameter.KEYWORD_ONLY]
    assert only_named == [argument.arg for argument in described.args.kwonlyargs], described.name
    annotated = [*described.args.args, *described.args.kwonlyargs]
    assert described.returns is not None and all(one.annotation for one in annotated if one.arg != "self")
    defaults = [one for one in signature.parameters.values() if one.default is not inspect.Parameter.empty]
    assert not defaults and not described.args.defaults, described.name


def test_what_a_user_sees_is_documented():
    for name in deepcross.__all__:
        item = getattr(deepcross, name)
        assert name == "RowsLike" or inspect.getdoc(item), name
        if inspect.isclass(item) and item.__module__.startswith("deepcross"):
            methods = inspect.getmembers(item, inspect.isroutine)
            public = [method for method, _ in methods if not method.startswith("_") and method in item.__dict__]
            assert all(item.__dict__[method].__doc__ for method in public), name


def test_the_wheel_has_the_licences_of_all_code_in_it():
    files = {file.name: file for file in importlib.metadata.files("deepcross") or []}
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"):
        assert "licenses" in files[name].parts
    notices = files["THIRD-PARTY.txt"].read_text(encoding="utf-8")
    for crate in ("arrow-array ", "pyo3 ", "tokio "):
        assert f"\n{crate}" in notices
