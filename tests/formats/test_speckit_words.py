"""A spec whose headings are translated is read as the English one."""

import pytest

from accord.core.checks import check
from accord.core.model import ItemKind, Spec, Task
from accord.formats import speckit

# The headings in the order of the template: scenarios, story, scenarios of it, edge cases,
# requirements, functional ones, entities, success, outcomes, assumptions.
HEADINGS = {
    "English": (
        "User Scenarios & Testing *(mandatory)*", "User Story 1 - Keep (Priority: P1)",
        "Acceptance Scenarios", "Edge Cases", "Requirements", "Functional Requirements",
        "Key Entities", "Success Criteria", "Measurable Outcomes", "Assumptions",
    ),
    "Japanese": (
        "ユーザーシナリオとテスト *(必須)*", "ユーザーストーリー 1 - 保持 (優先度: P1)",
        "受け入れシナリオ", "エッジケース", "要件 *(必須)*", "機能要件", "主要エンティティ",
        "成功基準", "測定可能な成果", "前提条件",
    ),
    "Chinese": (
        "用户场景与测试 *(必填)*", "用户故事 1 - 保留（优先级：P1）", "验收场景", "边界情况",
        "需求", "功能需求", "关键实体", "成功标准", "可衡量的结果", "假设",
    ),
    "Traditional Chinese": (
        "使用者情境與測試", "使用者故事 1 - 保留", "驗收情境", "邊緣案例", "需求", "功能需求",
        "關鍵實體", "成功標準", "可衡量成果", "假設",
    ),
    "Korean": (
        "사용자 시나리오 및 테스트 *(필수)*", "사용자 스토리 1 - 보관 (우선순위: P1)",
        "인수 시나리오", "엣지 케이스", "요구사항", "기능 요구사항", "주요 엔티티",
        "성공 기준", "측정 가능한 결과", "가정",
    ),
    "Spanish": (
        "Escenarios de usuario y pruebas", "Historia de Usuario 1 - Guardar (Prioridad: P1)",
        "Escenarios de aceptación", "Casos límite", "Requisitos", "Requisitos funcionales",
        "Entidades clave", "Criterios de éxito", "Resultados medibles", "Supuestos",
    ),
    "Portuguese": (
        "Cenários de Usuário e Testes", "História de Usuário 1 - Guardar",
        "Cenários de Aceitação", "Casos de Borda", "Requisitos", "Requisitos Funcionais",
        "Entidades-Chave", "Critérios de Sucesso", "Resultados Mensuráveis", "Premissas",
    ),
    "French": (
        "Scénarios utilisateur et tests", "Histoire utilisateur 1 - Garder",
        "Scénarios d'acceptation", "Cas limites", "Exigences", "Exigences fonctionnelles",
        "Entités clés", "Critères de succès", "Critères de succès", "Hypothèses",
    ),
    "German": (
        "Nutzerszenarien und Tests", "User-Story 1 - Behalten", "Akzeptanzszenarien",
        "Grenzfälle", "Anforderungen", "Funktionale Anforderungen", "Entitäten",
        "Erfolgskriterien", "Messbare Ergebnisse", "Annahmen",
    ),
    "Russian": (
        "Пользовательские сценарии", "Пользовательская история 1 - Хранить",
        "Сценарии приёмки", "Граничные случаи", "Требования", "Функциональные требования",
        "Ключевые сущности", "Критерии успеха", "Измеримые результаты", "Допущения",
    ),
}  # fmt: skip
SPEC = """# X

## {0}

### {1}

Text.

**{2}**:

1. **Given** a, **When** b, **Then** c
2. **A** d, **B** e

### {3}

- What when f?

## {4}

### {5}

- **FR-001**: It MUST g

### {6}

- **Cart**: h

## {7}

### {8}

- **SC-001**: i

## {9}

- j
"""


@pytest.mark.parametrize("language", HEADINGS)
def test_a_translated_spec_has_the_same_parts(language: str) -> None:
    document = speckit.read("spec.md", SPEC.format(*HEADINGS[language]).encode())

    found = [(one.kind, one.id.partition("#")[0]) for one in document.items[1:]]
    assert found == [
        (ItemKind.REQUIREMENT, "US1"),
        (ItemKind.CRITERION, "US1.1"),
        (ItemKind.CRITERION, "US1.2"),
        (ItemKind.CRITERION, "EC"),
        (ItemKind.CRITERION, "FR-001"),
        (ItemKind.CRITERION, "SC-001"),
        (ItemKind.ASSUMPTION, "A"),
    ]
    tasks = speckit.read("tasks.md", b"- [ ] T001 [US1] Keep it in src/a.py (FR-001)\n")
    assert [one.satisfies for one in tasks.items if isinstance(one, Task)] == [("US1", "FR-001")]
    assert not [one for one in check(Spec((document, tasks))) if one.rule == "dangling-id"]
