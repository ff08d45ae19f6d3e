"""The headings of spec-kit's templates as people translate them: which part of a spec they open.

The templates are English; whole teams write theirs in another language and keep the ids, and often
the bold Given, When, Then. The words are those found in public repositories.
"""

import re

STORY = re.compile(
    r"(?i)\W{0,8}(?:Primary User Story|(?:User[ -]Story|Story|US|ユーザー?ストーリー|用户故事"
    r"|用戶故事|使用者故事|사용자 ?스토리|historia de usuario|história d[eo] usuário"
    r"|história de utilizador|récit utilisateur|histoire utilisateur|scénario utilisateur"
    r"|benutzergeschichte|anwendergeschichte|nutzergeschichte|storia utente"
    r"|пользовательская история|история пользователя|kullanıcı hikayesi|historia użytkownika"
    r"|câu chuyện người dùng)[ #-]{0,2}([0-9]{1,6}))\b[\s:：.–—-]*"
)
"""The heading of a story, with its number."""

CONTEXTS = (
    ("EC", re.compile(
        r"(?i)edge\s+case|エッジケース|境界|边界|边缘|邊界|邊緣|엣지|경계|예외 상황"
        r"|casos? (?:de )?(?:l[ií]mite|borde|borda|extremos?)|cas limites|grenzfälle|randfälle"
        r"|граничн|пограничн|крайние случаи|casi limite|uç durum|przypadki brzegowe"
    )),
    ("Q", re.compile(
        r"(?i)clarification|明確化|明确化|澄清|釐清|명확화|aclaraci|esclareciment|clarificaç"
        r"|clarificaci|klarstellung|klärung|уточнени|chiariment"
    )),
    ("A", re.compile(
        r"(?i)assumption|前提|仮定|假设|假設|가정|supuestos|suposiciones|suposiç|premissas"
        r"|hypothèses|annahmen|предположени|допущени|assunzioni|varsayım|założenia|giả định"
    )),
    ("-", re.compile(
        r"(?i)\b(?:entit|(?:out of )?scope|checklist|status|depend|constraint|entidad|restricci"
        r"|restriç|contraint|einschränkung|abhängig|сущност|ограничен|зависимост)"
        r"|エンティティ|スコープ|依存|制約|实体|實體|范围|範圍|依赖|依賴|约束|約束|엔티티|개체|범위"
        r"|의존|제약|fuera de alcance|fora d[eo] escopo|hors périmètre"
    )),
    ("SC", re.compile(
        r"(?i)success\s+(?:criteria|metric)|measurable\s+outcome|成功基準|成功条件|測定可能"
        r"|成功标准|成功標準|成功指标|可衡量|可量化|성공 ?기준|측정 ?가능"
        r"|criterios de éxito|resultados medibles"
        r"|critérios de sucesso|resultados mensuráveis|critères de (?:succès|réussite)"
        r"|erfolgskriteri|messbare|критерии успеха|измеримые|criteri di successo|başarı kriter"
        r"|kryteria sukcesu"
    )),
    ("US", re.compile(
        r"(?i)acceptance|user\s+(?:scenario|stor)|ユーザーシナリオ|シナリオ|受け?入れ?|场景|場景|情境"
        r"|用户故事|使用者故事|验收|驗收|시나리오|스토리|인수|escenario|cenário|scénario|szenari"
        r"|сценари|scenari|senaryo|histori[ae]s? de usuario|histórias? de usuário"
    )),
    ("FR", re.compile(
        r"(?i)requirement|要件|要求|需求|요구|requisit|exigence|anforderung|требовани|gereksinim"
        r"|wymagani|yêu cầu"
    )),
)  # fmt: skip
"""What a heading opens, the first that fits: edge cases, questions, assumptions, things that are no
criteria, success criteria, stories, requirements."""

ACCEPTING = re.compile(
    r"(?i)acceptance|受け?入れ?|验收|驗收|인수|수락|승인 ?시나리오|aceptaci|aceita[cç]|acceptation"
    r"|akzeptanz|abnahme|при[её]мк|accettazione|kabul|akceptac"
)
"""What stands above the scenarios that are criteria."""
