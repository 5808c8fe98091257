-- A part of claim.sql: one stretch from the floor of a lane to its end. The jobs are taken in their order.
CROSS JOIN LATERAL (
    SELECT lane.floor AS first, 9223372036854775807 AS last, NULL::bigint AS passed
) AS stretch
