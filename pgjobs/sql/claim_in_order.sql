-- A part of claim.sql: the whole lane, from its floor on, so that the jobs are taken in their order.
CROSS JOIN LATERAL (
    SELECT lane.floor AS first, 9223372036854775807 AS last, NULL::bigint AS passed
) AS stretch
